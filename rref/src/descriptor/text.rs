//! Texts that are written, not kept: how long they are, and whether two are the same.

use core::fmt::{self, Write};

/// Writes a text, the same one each time.
pub type WriteText = fn(&mut dyn Write) -> fmt::Result;

/// Bytes of texts that are compared. A longer one is the same as none: a comparison takes time by the square of its length, and
/// the text is one of an image that is loaded.
const MOST: usize = 128 << 10;

/// Bytes of a text.
pub(super) fn length(text: WriteText) -> usize {
    Piece::of(text, usize::MAX).at
}

/// Whether two texts are the same: piece by piece, as there is no room for a whole one.
pub(super) fn same(a: WriteText, b: WriteText) -> bool {
    let total = length(a);
    total <= MOST
        && total == length(b)
        && (0..total)
            .step_by(Piece::LENGTH)
            .all(|start| Piece::of(a, start) == Piece::of(b, start))
}

/// What stands in a text from `start` on.
#[derive(PartialEq, Eq)]
struct Piece {
    start: usize,
    at: usize,
    bytes: [u8; Self::LENGTH],
}

impl Piece {
    const LENGTH: usize = 1024;

    fn of(text: WriteText, start: usize) -> Self {
        let mut piece = Self {
            start,
            at: 0,
            bytes: [0; Self::LENGTH],
        };
        // Its only error is that the piece is full.
        let _ = text(&mut piece);
        piece
    }
}

impl Write for Piece {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let place = self.at.checked_sub(self.start);
            if let Some(place) = place.and_then(|place| self.bytes.get_mut(place)) {
                *place = byte;
            }
            self.at = self.at.saturating_add(1);
            if self.at.saturating_sub(self.start) >= Self::LENGTH {
                return Err(fmt::Error);
            }
        }
        Ok(())
    }
}
