//! Guest memory, which the device reaches by DMA.

use alloc::vec::Vec;
use core::fmt;

/// A DMA access that the host refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DmaError {
    /// A part of the range is not mapped.
    Unmapped {
        /// First byte of the access.
        address: u64,
        /// Its length in bytes.
        length: usize,
    },
    /// The device may not be bus master: Bus Master Enable is clear, or the device is in D3.
    NotMaster,
    /// A fault that a test has injected.
    Injected,
}

impl fmt::Display for DmaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DmaError::Unmapped { address, length } => write!(
                f,
                "no guest memory holds all {length} bytes at {address:#x}: \
                 check the address that the driver put into the descriptor"
            ),
            DmaError::NotMaster => f.write_str(
                "the device may not use DMA: set Bus Master Enable in the PCI command register",
            ),
            DmaError::Injected => f.write_str("a DMA fault was injected: clear it in `Faults`"),
        }
    }
}

impl core::error::Error for DmaError {}

/// Guest memory as the device sees it: bytes at guest physical addresses.
///
/// The addresses come from descriptors, so they may have any value. An implementation refuses addresses outside the
/// guest's memory and ranges that wrap around.
pub trait GuestMemory {
    /// Fills `into` from `address` on.
    ///
    /// # Errors
    /// When part of the range is not guest memory. The contents of `into` are then unspecified.
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), DmaError>;

    /// Stores `bytes` at `address`.
    ///
    /// # Errors
    /// When part of the range is not guest memory.
    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError>;

    /// Stores one little-endian word that the guest polls.
    ///
    /// Where the guest runs at the same time as the device, the word must appear after everything that was stored
    /// before it. The caller has already stored all bits of this word except the done bit. So the bytes of the word
    /// may become visible in any order.
    ///
    /// # Errors
    /// When part of the range is not guest memory, as for [`write`](Self::write).
    fn publish(&mut self, address: u64, word: u64) -> Result<(), DmaError> {
        self.write(address, &word.to_le_bytes())
    }
}

/// Guest memory that is one contiguous range from a base address on. It is for tests and for use inside one process.
#[derive(Clone, Debug)]
pub struct FlatMemory {
    base: u64,
    bytes: Vec<u8>,
}

impl FlatMemory {
    /// Returns `length` zero bytes that begin at `base`.
    pub fn new(base: u64, length: usize) -> Self {
        FlatMemory {
            base,
            bytes: alloc::vec![0; length],
        }
    }

    /// Returns the bytes. The first byte is at the base address.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn range(&self, address: u64, length: usize) -> Result<core::ops::Range<usize>, DmaError> {
        let range = address
            .checked_sub(self.base)
            .and_then(|start| usize::try_from(start).ok())
            .and_then(|start| Some(start..start.checked_add(length)?))
            .filter(|range| range.end <= self.bytes.len());
        range.ok_or(DmaError::Unmapped { address, length })
    }
}

impl GuestMemory for FlatMemory {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), DmaError> {
        let range = self.range(address, into.len())?;
        into.copy_from_slice(&self.bytes[range]);
        Ok(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError> {
        let range = self.range(address, bytes.len())?;
        self.bytes[range].copy_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{FlatMemory, GuestMemory};

    #[test]
    fn ranges_are_checked() {
        let mut memory = FlatMemory::new(0x1000, 16);
        assert!(memory.write(0x1000, &[1; 16]).is_ok());
        assert!(memory.write(0x1001, &[1; 16]).is_err());
        assert!(memory.write(0xfff, &[1]).is_err());
        assert!(memory.read(u64::MAX, &mut [0; 2]).is_err());
        assert!(memory.read(0x1010, &mut []).is_ok());
    }
}
