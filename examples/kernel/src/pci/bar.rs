//! Base address registers (section 7.5.1.2.1): decoding what they and their size probe read.

/// A function's window of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bar {
    /// Registers in memory: physical address and bytes.
    Memory { address: u64, size: u64 },
    /// Registers in I/O ports.
    Io { port: u32 },
}

/// How the register's low bits say it is laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Memory32,
    /// Takes the next register too.
    Memory64,
    Io,
    /// Reserved encodings.
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

/// Bits of a memory register that are flags.
const FLAGS: u64 = 0xf;

/// The largest window that a 32-bit register can describe.
pub(super) const LIMIT_32: u64 = 1 << 31;

/// The largest window that makes sense for a 64-bit one.
pub(super) const LIMIT_64: u64 = 1 << 44;

/// Decodes a memory register; `probe` is what it reads after all ones were written (for a 32-bit
/// register, ones in the upper half), `limit` one of the constants above.
///
/// `None` for a register that is not there, and for a size that is not a power of two or an address
/// that is no multiple of it: no device may have those.
pub(super) fn decode_memory(value: u64, probe: u64, limit: u64) -> Option<Bar> {
    let size = (!(probe & !FLAGS)).wrapping_add(1);
    let address = value & !FLAGS;
    let valid = size.is_power_of_two() && size <= limit && address & (size - 1) == 0;
    valid.then_some(Bar::Memory { address, size })
}
