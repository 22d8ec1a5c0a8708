//! PCI functions as domains may claim them: a slot for each that was found.

use alloc::vec::Vec;

use samara_device_io::host::PciAddress;
use samara_device_io::table::Table;
use samara_device_io::{DeviceSlot, PciSlot};
use samara_device_tables::{Ixgbe, Nvme, VirtioBlock, VirtioNet};
use spin::Once;

use super::devices::HOST;
use crate::pci::{self, Function};

static SLOTS: Once<Vec<PciSlot>> = Once::new();

/// A table that this kernel's owner has reviewed.
pub(crate) trait Reviewed: Table {}
impl Reviewed for Ixgbe {}
impl Reviewed for Nvme {}
impl Reviewed for VirtioBlock {}
impl Reviewed for VirtioNet {}

/// The slot of a function that the scan found, for drivers of the devices that `D` describes. Made at the first call, by the host.
pub(crate) fn slot<D: Reviewed>(function: &Function) -> Option<DeviceSlot<D>> {
    let slots = SLOTS.call_once(|| pci::functions().iter().map(make).collect());
    let address = address_of(function);
    let slot = slots.iter().find(|slot| slot.address() == address)?;
    // SAFETY: the table was reviewed against the device's specification.
    Some(unsafe { slot.with_table() })
}

/// The first function that is one of the devices that `D` describes.
#[cfg(feature = "demo")]
pub(crate) fn find<D: Reviewed>() -> Option<DeviceSlot<D>> {
    let mut slots = pci::functions().iter().filter_map(slot::<D>);
    slots.find(DeviceSlot::is_present)
}

fn make(function: &Function) -> PciSlot {
    // SAFETY: the scan finds each function once and `SLOTS` is filled once; nothing else drives it.
    unsafe { PciSlot::new(HOST, address_of(function)) }
}

fn address_of(function: &Function) -> PciAddress {
    let address = function.address;
    PciAddress {
        segment: address.segment(),
        bus: address.bus(),
        device: address.device(),
        function: address.function(),
    }
}
