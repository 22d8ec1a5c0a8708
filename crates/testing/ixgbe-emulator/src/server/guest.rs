//! The memory that the VMM shares, reached by system calls.
//!
//! The VMM's files are not mapped into this process. Another process may truncate such a file, and an access to a
//! lost page of the mapping would end this process (`SIGBUS`). `pread` and `pwrite` return an error in that case: see
//! `docs/decisions/0136`.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{Ordering, fence};

use rustix::fs::{SealFlags, fcntl_get_seals, fstat};
use samara_ixgbe_emulator::{DmaError, GuestMemory};

use super::wire::{MAX_RANGES, Refusal};

/// The accesses that the VMM allows the device. For example, a guest's ROM is only readable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    pub(super) read: bool,
    pub(super) write: bool,
}

/// The reason for which a range is not mapped.
#[derive(Debug)]
pub(super) enum MapError {
    /// Too many ranges are mapped already.
    Full,
    /// The range wraps around or is empty, or the file does not contain all of it.
    Outside,
    /// The file is not a regular one.
    NoFile,
    /// The system refuses to read or write the file.
    Refused(io::Error),
}

impl MapError {
    /// Returns the error that the VMM gets.
    pub(super) fn refusal(&self) -> Refusal {
        match self {
            MapError::Full => Refusal::FULL,
            MapError::Outside | MapError::NoFile => Refusal::INVALID,
            MapError::Refused(error) => error.raw_os_error().map_or(Refusal::INVALID, Refusal),
        }
    }
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MapError::Full => write!(f, "{MAX_RANGES} ranges are mapped; unmap one"),
            MapError::Outside => {
                f.write_str("the range does not lie in its file: map only what the file holds")
            }
            MapError::NoFile => {
                f.write_str("its file is not a regular one; use memory-backend-memfd")
            }
            MapError::Refused(error) => write!(
                f,
                "its file cannot be read or written by a system call: {error}; use \
                 memory-backend-memfd, without huge pages"
            ),
        }
    }
}

/// One range of guest physical addresses. In the address space it ends at 2^64 at most, and in its file at 2^63 at
/// most, so offsets inside it do not overflow.
struct Range {
    start: u64,
    size: u64,
    file: File,
    offset: u64,
    access: Access,
    /// Whether the file is sealed against shrinking. No process can remove a seal, so the file then always contains
    /// the range.
    whole: bool,
}

impl Range {
    /// Returns the distance of `address` from the start, if the range holds it.
    fn holds(&self, address: u64) -> Option<u64> {
        let distance = address.checked_sub(self.start)?;
        (distance < self.size).then_some(distance)
    }

    fn read(&self, distance: u64, into: &mut [u8]) -> bool {
        let place = self.offset + distance;
        self.file.read_exact_at(into, place).is_ok()
    }

    /// Writes `bytes`, and returns whether this succeeded. Refuses a write past the end of the file, which would make
    /// the file longer.
    fn write(&self, distance: u64, bytes: &[u8]) -> bool {
        let place = self.offset + distance;
        let end = place + bytes.len() as u64;
        let there = || fstat(&self.file).is_ok_and(|stat| end <= stat.st_size.cast_unsigned());
        (self.whole || there()) && self.file.write_all_at(bytes, place).is_ok()
    }
}

/// Ranges of guest physical addresses. Each range is a part of a file that the VMM has passed.
#[derive(Default)]
pub(super) struct SharedMemory {
    ranges: Vec<Range>,
    failures: Cell<u64>,
}

impl SharedMemory {
    /// Maps `size` bytes of `file` from `offset` on at guest physical address `address`. Ranges that overlap the new
    /// one are unmapped.
    pub(super) fn map(
        &mut self,
        access: Access,
        address: u64,
        size: u64,
        file: File,
        offset: u64,
    ) -> Result<(), MapError> {
        let metadata = file.metadata().map_err(MapError::Refused)?;
        if !metadata.is_file() {
            return Err(MapError::NoFile);
        }
        let last = size
            .checked_sub(1)
            .and_then(|rest| address.checked_add(rest));
        let inside = offset
            .checked_add(size)
            .is_some_and(|end| end <= metadata.len());
        if last.is_none() || !inside {
            return Err(MapError::Outside);
        }
        // A file on huge pages cannot be written by a system call. Such a file refuses even a write of no bytes, so
        // the writes and reads here detect it.
        if access.write {
            file.write_at(&[], offset).map_err(MapError::Refused)?;
        }
        if access.read {
            file.read_exact_at(&mut [0], offset)
                .map_err(MapError::Refused)?;
        }
        let staying = self
            .ranges
            .iter()
            .filter(|range| !range.touches(address, size));
        if staying.count() == MAX_RANGES {
            return Err(MapError::Full);
        }
        self.unmap(address, size);
        let seals = fcntl_get_seals(&file).unwrap_or(SealFlags::empty());
        self.ranges.push(Range {
            start: address,
            size,
            file,
            offset,
            access,
            whole: seals.contains(SealFlags::SHRINK),
        });
        Ok(())
    }

    /// Unmaps all ranges that overlap the given one, as a whole.
    pub(super) fn unmap(&mut self, address: u64, size: u64) {
        self.ranges.retain(|range| !range.touches(address, size));
    }

    /// Unmaps everything.
    pub(super) fn clear(&mut self) {
        self.ranges.clear();
    }

    /// Returns how many accesses have failed since the last call.
    pub(super) fn take_failures(&self) -> u64 {
        self.failures.take()
    }

    /// Splits the `length` bytes from `address` on at the borders of ranges, and calls `each` for each part in order.
    /// `each` returns whether its access succeeded. Stops with an error if an access fails. Also stops with an error
    /// if the next byte lies in no range whose access `allows` accepts.
    fn walk(
        &self,
        address: u64,
        length: usize,
        allows: impl Fn(Access) -> bool,
        mut each: impl FnMut(&Range, u64, std::ops::Range<usize>) -> bool,
    ) -> Result<(), DmaError> {
        let mut done = 0;
        while done < length {
            let here = address.checked_add(done as u64);
            let found = here.and_then(|here| {
                let mut allowed = self.ranges.iter().filter(|range| allows(range.access));
                allowed.find_map(|range| Some((range, range.holds(here)?)))
            });
            let end = found.map(|(range, distance)| {
                let rest = usize::try_from(range.size - distance).unwrap_or(usize::MAX);
                done + rest.min(length - done)
            });
            match (found, end) {
                (Some((range, distance)), Some(end)) if each(range, distance, done..end) => {
                    done = end;
                }
                _ => {
                    self.failures.set(self.failures.get().saturating_add(1));
                    return Err(DmaError::Unmapped { address, length });
                }
            }
        }
        Ok(())
    }
}

impl Range {
    fn touches(&self, address: u64, size: u64) -> bool {
        self.start < address.saturating_add(size) && self.start.saturating_add(self.size) > address
    }
}

impl GuestMemory for SharedMemory {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), DmaError> {
        let length = into.len();
        self.walk(
            address,
            length,
            |access| access.read,
            |range, distance, part| range.read(distance, &mut into[part]),
        )
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError> {
        self.walk(
            address,
            bytes.len(),
            |access| access.write,
            |range, distance, part| range.write(distance, &bytes[part]),
        )
    }

    fn publish(&mut self, address: u64, word: u64) -> Result<(), DmaError> {
        // The system stores this word, and it has stored the bytes of earlier writes. No document says that a system
        // call orders its stores before later stores. So the fence orders them.
        fence(Ordering::SeqCst);
        self.write(address, &word.to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{PipeWriter, pipe};
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::FileExt;

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
    use samara_ixgbe_emulator::GuestMemory;

    use super::{Access, MAX_RANGES, MapError, SharedMemory};

    const PAGE: u64 = 4096;
    const BOTH: Access = Access {
        read: true,
        write: true,
    };
    const READ: Access = Access {
        read: true,
        write: false,
    };
    const WRITE: Access = Access {
        read: false,
        write: true,
    };

    /// Returns a file of three pages that is not sealed, so that it may shrink.
    fn pages() -> File {
        let file = File::from(memfd_create("pages", MemfdFlags::CLOEXEC).expect("a file"));
        file.set_len(3 * PAGE).expect("room");
        file
    }

    #[test]
    fn ranges_give_what_the_vmm_allows() {
        let (file, mut memory) = (pages(), SharedMemory::default());
        let mut map = |access, address, offset| {
            let file = file.try_clone().expect("a file");
            memory.map(access, address, PAGE, file, offset)
        };
        assert!(map(BOTH, 2 * PAGE, 0).is_ok());
        assert!(map(READ, 3 * PAGE, PAGE).is_ok());
        assert!(map(WRITE, 4 * PAGE, 2 * PAGE).is_ok());
        assert!(map(READ, u64::MAX - 100, 0).is_err(), "around the end");
        assert!(map(READ, 9 * PAGE, 3 * PAGE).is_err(), "behind the file");
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
        // An access across the border of two ranges needs the permission of both.
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

    #[test]
    fn access_to_unmapped_memory_is_an_error() {
        let (file, mut memory) = (pages(), SharedMemory::default());
        let shared = file.try_clone().expect("a file");
        assert!(memory.map(BOTH, 0, 3 * PAGE, shared, 0).is_ok());
        file.set_len(PAGE + 100).expect("shorter");
        let mut word = [0; 8];
        for (place, there) in [
            (0, true),
            (PAGE + 92, true),
            (PAGE + 93, false),
            (2 * PAGE, false),
        ] {
            assert_eq!(memory.read(place, &mut word).is_ok(), there, "{place}");
            assert_eq!(memory.write(place, &word).is_ok(), there, "{place}");
            assert_eq!(memory.publish(place, 7).is_ok(), there, "{place}");
        }
        assert_eq!(memory.take_failures(), 6);
        assert_eq!(memory.take_failures(), 0);
        let length = file.metadata().expect("a file").len();
        assert_eq!(length, PAGE + 100, "no write makes it longer");
        file.set_len(3 * PAGE).expect("longer");
        assert!(memory.write(2 * PAGE, &word).is_ok());
    }

    #[test]
    fn sealed_memory_is_checked_only_when_mapped() {
        let file = File::from(memfd_create("guest", MemfdFlags::ALLOW_SEALING).expect("a file"));
        file.set_len(PAGE).expect("room");
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW).expect("sealed");
        let mut memory = SharedMemory::default();
        let shared = file.try_clone().expect("a file");
        assert!(memory.map(BOTH, PAGE, PAGE, shared, 0).is_ok());
        assert!(memory.ranges[0].whole);
        assert!(memory.write(PAGE + 8, &[7; 8]).is_ok());
        assert!(file.set_len(0).is_err(), "it cannot lose its pages");
        let mut word = [0; 8];
        file.read_exact_at(&mut word, 8).expect("read");
        assert_eq!(word, [7; 8]);
    }

    #[test]
    fn a_mapping_that_cannot_be_made_is_refused() {
        let mut memory = SharedMemory::default();
        let (_, writer): (_, PipeWriter) = pipe().expect("a pipe");
        let writer = File::from(OwnedFd::from(writer));
        let refused = memory.map(WRITE, 0, PAGE, writer, 0);
        assert!(matches!(refused, Err(MapError::NoFile)));
        let read_only = || File::open("/proc/self/exe").expect("a file");
        let refused = memory.map(BOTH, 0, PAGE, read_only(), 0);
        assert!(matches!(refused, Err(MapError::Refused(_))));
        assert!(memory.map(READ, 0, PAGE, read_only(), 0).is_ok());
        let refused = memory.map(READ, 0, 0, read_only(), 0);
        assert!(matches!(refused, Err(MapError::Outside)));
        let refused = memory.map(READ, 0, u64::MAX, read_only(), PAGE);
        assert!(matches!(refused, Err(MapError::Outside)));
    }

    #[test]
    fn huge_pages_are_refused() {
        // A kernel without huge pages cannot create such a file. Then there is nothing to test.
        if let Ok(file) = memfd_create("huge", MemfdFlags::HUGETLB) {
            let file = File::from(file);
            file.set_len(2 << 20).expect("room");
            let mut memory = SharedMemory::default();
            let refused = memory.map(BOTH, 0, PAGE, file, 0).expect_err("no write");
            assert!(refused.to_string().contains("without huge pages"));
        }
    }

    #[test]
    fn a_replaced_range_frees_its_place() {
        let (file, mut memory) = (pages(), SharedMemory::default());
        let mut map = |page: usize| {
            let file = file.try_clone().expect("a file");
            memory.map(BOTH, page as u64 * PAGE, PAGE, file, 0)
        };
        assert!((0..MAX_RANGES).all(|page| map(page).is_ok()));
        assert!(matches!(map(MAX_RANGES), Err(MapError::Full)));
        assert!(map(7).is_ok());
    }
}
