//! Reads the firmware's ACPI tables, once.

use acpi::fadt::Fadt;
use acpi::hpet::HpetInfo;
use acpi::mcfg::Mcfg;
use acpi::{AcpiError, AcpiHandler, AcpiTables, PhysicalMapping};
use arrayvec::ArrayVec;

use crate::mm::window;

/// The most PCI regions that are kept. A PC has one region.
const MAX_PCI_REGIONS: usize = 4;

/// The place of the configuration space of a range of PCI buses (PCI Firmware Specification 3.3, table 4-3).
#[derive(Clone, Copy, Debug)]
pub(crate) struct PciRegion {
    pub(crate) segment: u16,
    pub(crate) first_bus: u8,
    pub(crate) last_bus: u8,
    /// Physical address of bus 0's space, whether or not `first_bus` is 0.
    pub(crate) base: u64,
}

/// The information that this kernel needs from the tables.
pub(crate) struct Firmware {
    pub(crate) pci: ArrayVec<PciRegion, MAX_PCI_REGIONS>,
    /// Physical address of the High Precision Event Timer.
    pub(crate) hpet: Option<u64>,
    /// I/O port of the power management timer.
    pub(crate) pm_timer: Option<u16>,
}

/// Maps tables for the `acpi` crate. Mappings stay, so there is nothing to unmap.
#[derive(Clone)]
struct Mapper;

impl AcpiHandler for Mapper {
    unsafe fn map_physical_region<T>(
        &self,
        physical_address: usize,
        size: usize,
    ) -> PhysicalMapping<Self, T> {
        // The trait has no way to report a failure, and the kernel cannot run without the tables.
        let pointer = window::map_firmware(physical_address as u64, size as u64)
            .unwrap_or_else(|error| panic!("ACPI table at {physical_address:#x}: {error:?}"));
        // SAFETY: `size` bytes were mapped just now, and they stay mapped.
        unsafe { PhysicalMapping::new(physical_address, pointer.cast(), size, size, Self) }
    }

    fn unmap_physical_region<T>(_: &PhysicalMapping<Self, T>) {}
}

/// Reads the ACPI tables. `rsdp` is the physical address of their root pointer.
///
/// # Safety
///
/// `rsdp` is the address that the loader passed, and the firmware's tables have not been overwritten.
pub(crate) unsafe fn read(rsdp: u64) -> Result<Firmware, AcpiError> {
    // SAFETY: the caller guarantees that `rsdp` is the loader's address and that the tables are intact.
    let tables = unsafe { AcpiTables::from_rsdp(Mapper, rsdp as usize) }?;
    let mut pci = ArrayVec::new();
    if let Ok(table) = tables.find_table::<Mcfg>() {
        for entry in table.get().entries() {
            let region = PciRegion {
                segment: entry.pci_segment_group,
                first_bus: entry.bus_number_start,
                last_bus: entry.bus_number_end,
                base: entry.base_address,
            };
            // A region for which there is no room stays unused. A PC has one region.
            let _ = pci.try_push(region);
        }
    }
    let hpet = HpetInfo::new(&tables)
        .ok()
        .map(|hpet| hpet.base_address as u64);
    let pm_timer = tables
        .find_table::<Fadt>()
        .ok()
        .and_then(|table| table.get().pm_timer_block().ok()?)
        .filter(|block| block.address_space == acpi::address::AddressSpace::SystemIo)
        .and_then(|block| u16::try_from(block.address).ok());
    Ok(Firmware {
        pci,
        hpet,
        pm_timer,
    })
}
