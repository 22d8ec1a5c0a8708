//! One entry of the register table.

/// The effect of reading and writing a register.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Reads back what was written.
    ReadWrite,
    /// Writes are ignored.
    ReadOnly,
    /// Reading clears the register. Statistics are of this kind.
    ReadClear,
    /// Writing a one to a bit clears the bit. Reading may clear them, too (EICR).
    WriteOneClear,
    /// Reads as zero. Writing has an effect.
    WriteOnly,
    /// Reads back the written value, except that the bits given here read as zero. Writing a one to such a bit has an
    /// effect.
    SelfClear(u32),
    /// Known by name only. The register reads back the written value and has no effect. Its first use is reported.
    Unmodelled,
}

/// A register, or an array of registers of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Register {
    /// The datasheet's name.
    pub name: &'static str,
    /// Offset of the first register in BAR 0, in bytes.
    pub offset: u32,
    /// The number of registers.
    pub count: u16,
    /// Bytes from one register to the next.
    pub stride: u16,
    /// The effect of reading and writing.
    pub access: Access,
    /// Value after reset.
    pub reset: u32,
    /// Section of the 82599 datasheet.
    pub section: &'static str,
}

impl Register {
    /// Returns the offset of the array's register `index`.
    pub const fn at(&self, index: u32) -> u32 {
        self.offset + index * self.stride as u32
    }

    /// Makes the register an array.
    pub(super) const fn array(mut self, count: u16, stride: u16) -> Self {
        self.count = count;
        self.stride = stride;
        self
    }

    /// Gives the register a value after reset.
    pub(super) const fn resets_to(mut self, value: u32) -> Self {
        self.reset = value;
        self
    }
}

/// Returns a single register that resets to zero.
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
