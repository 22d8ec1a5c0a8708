//! Maps device registers and the firmware's tables, which the direct map does not show, on demand.

use core::ptr::NonNull;

use spin::Once;
use x86_64::structures::paging::PageTableFlags as Flags;

use super::address_space::{self, MapError};
use super::layout::{DEVICES, FIRMWARE, WINDOW_SIZE};
use super::memory_map::MemoryMap;

/// The memory map, whose RAM [`map_device`] must not map.
static MEMORY: Once<&'static MemoryMap> = Once::new();

/// The reason why a physical range cannot be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WindowError {
    /// The range is empty, or reaches beyond the window.
    OutOfRange,
    /// The range contains RAM, which is never mapped uncached.
    IsMemory,
    /// There is no memory for page tables.
    OutOfFrames,
}

impl From<MapError> for WindowError {
    fn from(_: MapError) -> Self {
        Self::OutOfFrames
    }
}

/// Stores the memory map.
pub(crate) fn init(memory: &'static MemoryMap) {
    MEMORY.call_once(|| memory);
}

/// Maps `size` bytes of device registers at `physical`, uncached, and returns a pointer to them. The mapping stays.
pub(crate) fn map_device(physical: u64, size: u64) -> Result<NonNull<u8>, WindowError> {
    let end = end_of(physical, size)?;
    if MEMORY
        .get()
        .is_none_or(|memory| memory.overlaps_ram(physical, end))
    {
        return Err(WindowError::IsMemory);
    }
    let flags = Flags::PRESENT
        | Flags::WRITABLE
        | Flags::NO_EXECUTE
        | Flags::NO_CACHE
        | Flags::WRITE_THROUGH;
    show(DEVICES, physical, end, flags)
}

/// Maps `size` bytes of a firmware table at `physical`, read-only, and returns a pointer to them. The mapping stays.
pub(crate) fn map_firmware(physical: u64, size: u64) -> Result<NonNull<u8>, WindowError> {
    let end = end_of(physical, size)?;
    show(FIRMWARE, physical, end, Flags::PRESENT | Flags::NO_EXECUTE)
}

fn end_of(physical: u64, size: u64) -> Result<u64, WindowError> {
    let end = physical.checked_add(size).ok_or(WindowError::OutOfRange)?;
    if size == 0 || end > WINDOW_SIZE {
        Err(WindowError::OutOfRange)
    } else {
        Ok(end)
    }
}

fn show(base: u64, physical: u64, end: u64, flags: Flags) -> Result<NonNull<u8>, WindowError> {
    address_space::map_window(base, physical, end, flags)?;
    let pointer = core::ptr::with_exposed_provenance_mut((base + physical) as usize);
    NonNull::new(pointer).ok_or(WindowError::OutOfRange)
}
