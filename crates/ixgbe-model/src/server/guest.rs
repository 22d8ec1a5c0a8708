//! The memory that the VMM shares.

use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;

use samara_ixgbe_model::{DmaError, GuestMemory};
use vfio_user::DmaMapFlags;
use vm_memory::{
    Bytes, FileOffset, GuestAddress, GuestMemoryRegion, GuestRegionMmap, MemoryRegionAddress,
    MmapRegion,
};

/// One range of guest physical addresses.
struct Range {
    region: GuestRegionMmap,
    /// What the VMM lets the device do there: a guest's ROM is only read.
    access: DmaMapFlags,
}

/// Ranges of guest physical addresses, each mapped from a file of the VMM's.
#[derive(Default)]
pub(super) struct MappedMemory {
    ranges: Vec<Range>,
}

impl MappedMemory {
    /// Maps `size` bytes of `file` from `offset` on at `address`; what was there goes.
    pub(super) fn map(
        &mut self,
        access: DmaMapFlags,
        address: u64,
        size: u64,
        file: File,
        offset: u64,
    ) -> io::Result<()> {
        let length = usize::try_from(size).map_err(io::Error::other)?;
        let told = file.metadata()?;
        // Touching what lies behind a file's end would end this process.
        if told.is_file() && offset.checked_add(size).is_none_or(|end| end > told.len()) {
            return Err(io::Error::other("the range is not all in the file"));
        }
        let region = MmapRegion::from_file(FileOffset::new(file, offset), length)
            .map_err(io::Error::other)?;
        let region = GuestRegionMmap::new(region, GuestAddress(address))
            .ok_or_else(|| io::Error::other("the range wraps around"))?;
        self.unmap(address, size);
        self.ranges.push(Range { region, access });
        Ok(())
    }

    /// Unmaps the regions that touch the range.
    pub(super) fn unmap(&mut self, address: u64, size: u64) {
        let end = address.saturating_add(size);
        self.ranges.retain(|Range { region, .. }| {
            let start = region.start_addr().0;
            start >= end || start + region.len() <= address
        });
    }

    /// Unmaps everything.
    pub(super) fn clear(&mut self) {
        self.ranges.clear();
    }

    /// The region that holds `address` and gives this access, the place in it, and the bytes from there to
    /// its end.
    fn find(
        &self,
        access: DmaMapFlags,
        address: u64,
    ) -> Option<(&GuestRegionMmap, MemoryRegionAddress, u64)> {
        let allowed = self
            .ranges
            .iter()
            .filter(|range| range.access.contains(access));
        allowed.map(|range| &range.region).find_map(|region| {
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
        access: DmaMapFlags,
        address: u64,
        length: usize,
        mut each: impl FnMut(&GuestRegionMmap, MemoryRegionAddress, std::ops::Range<usize>) -> bool,
    ) -> Result<(), DmaError> {
        let unmapped = DmaError::Unmapped { address, length };
        let mut done = 0;
        while done < length {
            let here = address.checked_add(done as u64).ok_or(unmapped)?;
            let (region, at, rest) = self.find(access, here).ok_or(unmapped)?;
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
        self.walk(DmaMapFlags::READ, address, length, |region, at, range| {
            region.read_slice(&mut into[range], at).is_ok()
        })
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError> {
        self.walk(
            DmaMapFlags::WRITE,
            address,
            bytes.len(),
            |region, at, range| region.write_slice(&bytes[range], at).is_ok(),
        )
    }

    fn publish(&mut self, address: u64, word: u64) -> Result<(), DmaError> {
        if address.is_multiple_of(8)
            && let Some((region, at, 8..)) = self.find(DmaMapFlags::WRITE, address)
            && region.store(word.to_le(), at, Ordering::Release).is_ok()
        {
            return Ok(());
        }
        self.write(address, &word.to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use samara_ixgbe_model::GuestMemory;
    use vfio_user::DmaMapFlags;

    use super::MappedMemory;

    const PAGE: u64 = 4096;

    /// A file of three pages.
    fn pages() -> File {
        let path = std::env::temp_dir().join(format!("ixgbe-model.{}.pages", std::process::id()));
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true);
        let file = options.open(&path).expect("a file");
        std::fs::remove_file(&path).expect("its name goes");
        file.set_len(3 * PAGE).expect("room");
        file
    }

    #[test]
    fn ranges_give_what_the_vmm_allows() {
        let (file, mut memory) = (pages(), MappedMemory::default());
        let mut map = |access, address, offset| {
            let file = file.try_clone().expect("a file");
            memory.map(access, address, PAGE, file, offset)
        };
        assert!(map(DmaMapFlags::READ_WRITE, 2 * PAGE, 0).is_ok());
        assert!(map(DmaMapFlags::READ, 3 * PAGE, PAGE).is_ok());
        assert!(map(DmaMapFlags::WRITE, 4 * PAGE, 2 * PAGE).is_ok());
        assert!(
            map(DmaMapFlags::READ, u64::MAX - 100, 0).is_err(),
            "around the end"
        );
        assert!(
            map(DmaMapFlags::READ, 9 * PAGE, 3 * PAGE).is_err(),
            "behind the file"
        );
        let mut word = [0; 8];
        for (page, read, written) in [
            (0, false, false),
            (2, true, true),
            (3, true, false),
            (4, false, true),
            (5, false, false),
        ] {
            let place = page * PAGE + 8;
            assert_eq!(memory.write(place, &[7; 8]).is_ok(), written, "page {page}");
            assert_eq!(memory.publish(place, 7).is_ok(), written, "page {page}");
            assert_eq!(memory.publish(place + 1, 7).is_ok(), written, "page {page}");
            assert_eq!(memory.read(place, &mut word).is_ok(), read, "page {page}");
        }
        // Across a border: both sides must allow it.
        let border = 3 * PAGE - 4;
        assert!(memory.read(border, &mut word).is_ok());
        assert!(memory.write(border, &word).is_err());
        assert!(memory.publish(border, 7).is_err());
        assert!(memory.read(u64::MAX - 3, &mut word).is_err());
        memory.unmap(3 * PAGE, 1);
        assert!(memory.read(3 * PAGE, &mut word).is_err());
        assert!(memory.read(2 * PAGE, &mut word).is_ok());
        memory.clear();
        assert!(memory.read(2 * PAGE, &mut word).is_err());
    }
}
