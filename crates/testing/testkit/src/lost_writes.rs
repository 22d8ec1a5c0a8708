//! Writes that a device model loses: they have no effect.

/// A run of consecutive writes that are lost, as if the device did not answer for a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LostWrites {
    /// The number of writes that still take effect before the first lost write.
    pub after: u32,
    /// The number of writes that are lost after these.
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
