//! The kernel's command line: words `key=value`.

use arrayvec::ArrayVec;

/// Bytes that are kept of the command line; a longer one is truncated.
const CAPACITY: usize = 512;

/// A copy of the command line.
pub(crate) struct CommandLine(ArrayVec<u8, CAPACITY>);

impl CommandLine {
    pub(crate) const fn empty() -> Self {
        Self(ArrayVec::new_const())
    }

    pub(crate) fn push(&mut self, byte: u8) {
        let _ = self.0.try_push(byte);
    }

    /// Returns the value of the last word `key=value`. Returns `None` if there is none, or if the line is not UTF-8.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        core::str::from_utf8(&self.0)
            .ok()?
            .split_ascii_whitespace()
            .filter_map(|word| word.split_once('='))
            .rfind(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }
}
