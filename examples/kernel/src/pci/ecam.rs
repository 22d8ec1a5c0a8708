//! Memory-mapped configuration space (section 7.2.2). Each function has 4 KiB, whose address follows from the numbers
//! of its bus, device and function.

use core::ptr::NonNull;

use arrayvec::ArrayVec;
use pci_types::{ConfigRegionAccess, PciAddress};
use spin::Once;

use crate::firmware::{Firmware, PciRegion};
use crate::mm::window;

/// Bytes of configuration space for a bus: 32 devices of 8 functions.
const BUS_SIZE: u64 = 1 << 20;

/// The result of a read if no function answers.
const NOTHING: u32 = u32::MAX;

struct MappedRegion {
    region: PciRegion,
    base: NonNull<u8>,
}

/// The machine's configuration spaces.
pub(crate) struct Ecam(ArrayVec<MappedRegion, 4>);

// SAFETY: the pointers refer to device memory that stays mapped, and accesses are single aligned loads and stores.
unsafe impl Send for Ecam {}
// SAFETY: as above.
unsafe impl Sync for Ecam {}

static ECAM: Once<Ecam> = Once::new();

/// Maps the regions that the firmware's tables name. A region that cannot be mapped is left out.
pub(crate) fn init(firmware: &Firmware) {
    ECAM.call_once(|| Ecam(firmware.pci.iter().filter_map(map).collect()));
}

fn map(region: &PciRegion) -> Option<MappedRegion> {
    let buses = u64::from(region.last_bus.checked_sub(region.first_bus)?) + 1;
    let start = region
        .base
        .checked_add(u64::from(region.first_bus) * BUS_SIZE)?;
    let base = window::map_device(start, buses * BUS_SIZE).ok()?;
    Some(MappedRegion {
        region: *region,
        base,
    })
}

/// Returns the configuration spaces; none before [`init`].
pub(crate) fn ecam() -> &'static Ecam {
    static EMPTY: Ecam = Ecam(ArrayVec::new_const());
    ECAM.get().unwrap_or(&EMPTY)
}

impl Ecam {
    pub(super) fn regions(&self) -> impl Iterator<Item = &PciRegion> {
        self.0.iter().map(|mapped| &mapped.region)
    }

    /// Reads the 32-bit register that holds byte `offset`.
    pub(crate) fn read(&self, address: PciAddress, offset: u16) -> u32 {
        match self.register(address, offset) {
            // SAFETY: `register` returns aligned addresses inside a mapped region. Reads of configuration space have no
            // effect on memory.
            Some(register) => unsafe { register.read_volatile() },
            None => NOTHING,
        }
    }

    /// Writes the 32-bit register that holds byte `offset`.
    ///
    /// # Safety
    ///
    /// The write must not make the device touch memory that is in use. A device that is bus master accesses memory by
    /// itself, and a BAR that was moved hides the memory at its new address.
    pub(crate) unsafe fn write(&self, address: PciAddress, offset: u16, value: u32) {
        if let Some(register) = self.register(address, offset) {
            // SAFETY: as in `read`; the caller guarantees that the effect of the write is harmless.
            unsafe { register.write_volatile(value) }
        }
    }

    fn register(&self, address: PciAddress, offset: u16) -> Option<NonNull<u32>> {
        let mapped = self.0.iter().find(|mapped| {
            mapped.region.segment == address.segment()
                && (mapped.region.first_bus..=mapped.region.last_bus).contains(&address.bus())
        })?;
        let bus = usize::from(address.bus() - mapped.region.first_bus);
        let function = usize::from(address.device()) << 3 | usize::from(address.function());
        let byte = bus << 20 | function << 12 | usize::from(offset & 0xffc);
        // SAFETY: the region has 1 MiB for each of its buses, and `byte` lies in the part of this bus.
        Some(unsafe { mapped.base.byte_add(byte) }.cast())
    }
}

/// Reads a register of configuration space. The result is all ones if no function answers.
pub(crate) fn read_config(address: PciAddress, offset: u16) -> u32 {
    ecam().read(address, offset)
}

/// Writes a register of configuration space.
///
/// # Safety
///
/// The write must not make the device touch memory that is in use.
pub(crate) unsafe fn write_config(address: PciAddress, offset: u16, value: u32) {
    // SAFETY: the caller guarantees that the write is harmless.
    unsafe { ecam().write(address, offset, value) }
}

impl ConfigRegionAccess for Ecam {
    unsafe fn read(&self, address: PciAddress, offset: u16) -> u32 {
        Ecam::read(self, address, offset)
    }

    unsafe fn write(&self, address: PciAddress, offset: u16, value: u32) {
        // SAFETY: `pci_types` writes only the values that its callers ask for, and the callers guarantee that they are
        // harmless.
        unsafe { Ecam::write(self, address, offset, value) }
    }
}
