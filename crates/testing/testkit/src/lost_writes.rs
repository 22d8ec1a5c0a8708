//! Writes that a device model loses: they have no effect.

/// A number of writes in sequence that are lost, as if the device did not answer for a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LostWrites {
    /// Writes that still take effect before the first lost one.
    pub after: u32,
    /// Writes that are lost after those.
    pub count: u32,
}

impl LostWrites {
    /// Counts one more write. Returns whether it is lost.
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
