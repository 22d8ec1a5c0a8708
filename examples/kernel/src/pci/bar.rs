//! Decodes base address registers and their size probes (section 7.5.1.2.1).

/// A window of a function's registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bar {
    /// Registers in memory: their physical address and size in bytes.
    Memory { address: u64, size: u64 },
    /// Registers in I/O ports.
    Io { port: u32 },
}

/// The layout of a base address register, by its low bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Memory32,
    /// A 64-bit register, whose upper half is the next register.
    Memory64,
    Io,
    /// A reserved encoding.
    Unknown,
}

impl Layout {
    pub(super) fn of(register: u32) -> Self {
        if register & 1 != 0 {
            return Self::Io;
        }
        match register >> 1 & 3 {
            0 => Self::Memory32,
            2 => Self::Memory64,
            _ => Self::Unknown,
        }
    }
}

/// The bits of a memory register that are flags.
const FLAGS: u64 = 0xf;

/// The largest window that a 32-bit register can describe.
pub(super) const LIMIT_32: u64 = 1 << 31;

/// The largest window that is accepted for a 64-bit register.
pub(super) const LIMIT_64: u64 = 1 << 44;

/// Decodes a memory register. `probe` is the register's value after all ones were written to it; for a 32-bit
/// register the upper half of `probe` is all ones. `limit` is one of the constants above.
///
/// Returns `None` if the register does not exist, if its size is no power of two, or if its address is no multiple of
/// the size. The specification allows no such size or address.
pub(super) fn decode_memory(value: u64, probe: u64, limit: u64) -> Option<Bar> {
    let size = (!(probe & !FLAGS)).wrapping_add(1);
    let address = value & !FLAGS;
    let valid = size.is_power_of_two() && size <= limit && address & (size - 1) == 0;
    valid.then_some(Bar::Memory { address, size })
}
