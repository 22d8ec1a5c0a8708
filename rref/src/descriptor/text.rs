//! The length and the comparison of texts that a function writes and that are never stored as a whole.

use core::fmt::{self, Write};

/// A function that writes a text, the same one each time.
pub type WriteText = fn(&mut dyn Write) -> fmt::Result;

/// The most bytes of a text that is compared; a longer text is equal to no other. The time of a comparison grows with
/// the square of the length, and the text may come from a loaded image.
const MAX_COMPARED: usize = 128 << 10;

/// Returns the length of a text in bytes.
pub(super) fn length(text: WriteText) -> usize {
    Piece::of(text, usize::MAX).at
}

/// Whether two texts are the same. Compares piece by piece, because there is no room for a whole text.
pub(super) fn same(a: WriteText, b: WriteText) -> bool {
    let total = length(a);
    total <= MAX_COMPARED
        && total == length(b)
        && (0..total)
            .step_by(Piece::LENGTH)
            .all(|start| Piece::of(a, start) == Piece::of(b, start))
}

/// The piece of a text from `start` on.
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
        // The only error is that the piece is full.
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
