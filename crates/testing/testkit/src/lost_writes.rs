//! Writes of registers that a device does not take, of those models that can lose some.

/// After so many more writes so many are lost: of a device that does not answer for an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LostWrites {
    /// Writes that are taken before.
    pub after: u32,
    /// Writes that are lost then.
    pub count: u32,
}

impl LostWrites {
    /// One more write: whether it is lost.
    pub(crate) const fn next(&mut self) -> bool {
        if self.count == 0 {
            return false;
        }
        if self.after > 0 {
            self.after -= 1;
            return false;
        }
        self.count -= 1;
        true
    }
}
