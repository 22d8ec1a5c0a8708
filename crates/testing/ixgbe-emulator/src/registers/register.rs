//! One entry of the register table.

/// What reading and writing a register does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Reads back what was written.
    ReadWrite,
    /// Writes are ignored.
    ReadOnly,
    /// Reading clears it: a statistic.
    ReadClear,
    /// Writing ones clears those bits. Reading may clear too (EICR).
    WriteOneClear,
    /// Reads as zero; writing acts.
    WriteOnly,
    /// Reads back what was written, but for these bits: they act and read as zero.
    SelfClear(u32),
    /// Known by name only: it reads back what was written and does nothing. Its first use is
    /// noted.
    Unmodelled,
}

/// A register, or an array of equal ones.
#[derive(Clone, Copy, Debug)]
pub struct Register {
    /// The datasheet's name.
    pub name: &'static str,
    /// Offset of the first in BAR 0, in bytes.
    pub offset: u32,
    /// How many there are.
    pub count: u16,
    /// Bytes from one to the next.
    pub stride: u16,
    /// What reading and writing does.
    pub access: Access,
    /// Value after reset.
    pub reset: u32,
    /// Section of the 82599 datasheet.
    pub section: &'static str,
}

impl Register {
    /// The offset of the `index`th of an array.
    pub const fn at(&self, index: u32) -> u32 {
        self.offset + index * self.stride as u32
    }

    /// Makes it an array.
    pub(super) const fn array(mut self, count: u16, stride: u16) -> Self {
        self.count = count;
        self.stride = stride;
        self
    }

    /// Gives it a value after reset.
    pub(super) const fn resets_to(mut self, value: u32) -> Self {
        self.reset = value;
        self
    }
}

/// A single register that resets to zero.
pub(super) const fn register(
    name: &'static str,
    offset: u32,
    access: Access,
    section: &'static str,
) -> Register {
    Register {
        name,
        offset,
        count: 1,
        stride: 4,
        access,
        reset: 0,
        section,
    }
}
