//! Which physical addresses are memory.

use arrayvec::ArrayVec;

/// Machines report about ten.
const MAX_REGIONS: usize = 64;

/// What lies in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RegionKind {
    /// RAM, free to use.
    Usable,
    /// RAM that holds ACPI tables.
    Firmware,
    /// Firmware, devices, or nothing.
    Reserved,
}

/// Physical addresses from `start` up to, not including, `end`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) kind: RegionKind,
}

/// The machine's memory map.
pub(crate) struct MemoryMap(ArrayVec<Region, MAX_REGIONS>);

impl MemoryMap {
    pub(crate) fn new(regions: ArrayVec<Region, MAX_REGIONS>) -> Self {
        Self(regions)
    }

    /// The regions of usable RAM.
    pub(crate) fn usable(&self) -> impl Iterator<Item = Region> + Clone + '_ {
        self.0
            .iter()
            .copied()
            .filter(|region| region.kind == RegionKind::Usable)
    }

    /// The end of the highest region of usable RAM.
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
