//! The memory map of the machine.

use arrayvec::ArrayVec;

/// The most regions that are kept. A machine reports about ten.
const MAX_REGIONS: usize = 64;

/// The contents of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RegionKind {
    /// RAM, free to use.
    Usable,
    /// RAM that holds ACPI tables.
    Firmware,
    /// Memory of the firmware, device registers, or addresses without memory.
    Reserved,
}

/// The physical addresses from `start` up to, but not including, `end`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) kind: RegionKind,
}

/// A list of regions, as the loader reports them.
pub(crate) struct MemoryMap(ArrayVec<Region, MAX_REGIONS>);

impl MemoryMap {
    pub(crate) fn new(regions: ArrayVec<Region, MAX_REGIONS>) -> Self {
        Self(regions)
    }

    /// Returns the regions of usable RAM.
    pub(crate) fn usable(&self) -> impl Iterator<Item = Region> + Clone + '_ {
        self.0
            .iter()
            .copied()
            .filter(|region| region.kind == RegionKind::Usable)
    }

    /// Returns the end of the highest region of usable RAM.
    pub(crate) fn usable_end(&self) -> u64 {
        self.usable().map(|region| region.end).max().unwrap_or(0)
    }

    /// Whether any byte from `start` up to `end` is RAM.
    pub(crate) fn overlaps_ram(&self, start: u64, end: u64) -> bool {
        self.0.iter().any(|region| {
            region.kind != RegionKind::Reserved && region.start < end && start < region.end
        })
    }
}
