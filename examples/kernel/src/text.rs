//! Text of bounded length.

use core::fmt;

/// Takes what fits of what is written to it.
pub(crate) struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Text<N> {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; N],
            length: 0,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        // Only whole characters are ever taken.
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.floor_char_boundary(N - self.length);
        let text = &text.as_bytes()[..end];
        self.bytes[self.length..self.length + end].copy_from_slice(text);
        self.length += end;
        Ok(())
    }
}
