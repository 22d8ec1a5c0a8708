//! The kernel's command line: words `key=value`.

use arrayvec::ArrayVec;

/// The most bytes that are kept of the command line. A longer command line is truncated.
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

    /// Returns the value of `key`. If several words give `key` a value, the last word counts. Returns `None` if no
    /// word does, or if the command line is not UTF-8.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        core::str::from_utf8(&self.0)
            .ok()?
            .split_ascii_whitespace()
            .filter_map(|word| word.split_once('='))
            .rfind(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }
}
