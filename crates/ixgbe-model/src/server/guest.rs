//! The memory that the VMM shares.

use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;

use samara_ixgbe_model::{DmaError, GuestMemory};
use vm_memory::{
    Bytes, FileOffset, GuestAddress, GuestMemoryRegion, GuestRegionMmap, MemoryRegionAddress,
    MmapRegion,
};

/// Ranges of guest physical addresses, each mapped from a file of the VMM's.
#[derive(Default)]
pub(super) struct MappedMemory {
    regions: Vec<GuestRegionMmap>,
}

impl MappedMemory {
    /// Maps `size` bytes of `file` from `offset` on at `address`; what was there goes.
    pub(super) fn map(
        &mut self,
        address: u64,
        size: u64,
        file: File,
        offset: u64,
    ) -> io::Result<()> {
        let length = usize::try_from(size).map_err(io::Error::other)?;
        let region = MmapRegion::from_file(FileOffset::new(file, offset), length)
            .map_err(io::Error::other)?;
        let region = GuestRegionMmap::new(region, GuestAddress(address))
            .ok_or_else(|| io::Error::other("the range wraps around"))?;
        self.unmap(address, size);
        self.regions.push(region);
        Ok(())
    }

    /// Unmaps the regions that touch the range.
    pub(super) fn unmap(&mut self, address: u64, size: u64) {
        let end = address.saturating_add(size);
        self.regions.retain(|region| {
            let start = region.start_addr().0;
            start >= end || start + region.len() <= address
        });
    }

    /// Unmaps everything.
    pub(super) fn clear(&mut self) {
        self.regions.clear();
    }

    /// The region that holds `address`, the place in it, and the bytes from there to its end.
    fn find(&self, address: u64) -> Option<(&GuestRegionMmap, MemoryRegionAddress, u64)> {
        self.regions.iter().find_map(|region| {
            let distance = address.checked_sub(region.start_addr().0)?;
            let rest = region
                .len()
                .checked_sub(distance)
                .filter(|&rest| rest > 0)?;
            Some((region, MemoryRegionAddress(distance), rest))
        })
    }

    /// Goes through the regions that hold `length` bytes from `address` on.
    fn walk(
        &self,
        address: u64,
        length: usize,
        mut each: impl FnMut(&GuestRegionMmap, MemoryRegionAddress, std::ops::Range<usize>) -> bool,
    ) -> Result<(), DmaError> {
        let unmapped = DmaError::Unmapped { address, length };
        let mut done = 0;
        while done < length {
            let here = address.checked_add(done as u64).ok_or(unmapped)?;
            let (region, at, rest) = self.find(here).ok_or(unmapped)?;
            let end = done
                + usize::try_from(rest)
                    .unwrap_or(usize::MAX)
                    .min(length - done);
            if !each(region, at, done..end) {
                return Err(unmapped);
            }
            done = end;
        }
        Ok(())
    }
}

impl GuestMemory for MappedMemory {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), DmaError> {
        let length = into.len();
        self.walk(address, length, |region, at, range| {
            region.read_slice(&mut into[range], at).is_ok()
        })
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError> {
        self.walk(address, bytes.len(), |region, at, range| {
            region.write_slice(&bytes[range], at).is_ok()
        })
    }

    fn publish(&mut self, address: u64, word: u64) -> Result<(), DmaError> {
        if address.is_multiple_of(8)
            && let Some((region, at, 8..)) = self.find(address)
            && region.store(word.to_le(), at, Ordering::Release).is_ok()
        {
            return Ok(());
        }
        self.write(address, &word.to_le_bytes())
    }
}
