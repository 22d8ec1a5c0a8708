//! The slots from which domains claim PCI functions: one for each function that the scan found.

use alloc::vec::Vec;

use samara_device_io::host::PciAddress;
use samara_device_io::table::Table;
use samara_device_io::{DeviceSlot, PciSlot};
use samara_device_tables::{Ixgbe, Nvme, VirtioBlock, VirtioNet};
use spin::Once;

use super::devices::HOST;
use crate::pci::{self, Function};

static SLOTS: Once<Vec<PciSlot>> = Once::new();

/// A table that the owner of this kernel has reviewed.
pub(crate) trait Reviewed: Table {}
impl Reviewed for Ixgbe {}
impl Reviewed for Nvme {}
impl Reviewed for VirtioBlock {}
impl Reviewed for VirtioNet {}

/// Returns the slot of a function that the scan found, for drivers of the devices that `D` describes. The first call,
/// which comes from the host, makes all slots.
pub(crate) fn slot<D: Reviewed>(function: &Function) -> Option<DeviceSlot<D>> {
    let slots = SLOTS.call_once(|| pci::functions().iter().map(make).collect());
    let address = address_of(function);
    let slot = slots.iter().find(|slot| slot.address() == address)?;
    // SAFETY: `D` is `Reviewed`: its table was reviewed against the specification of the device.
    Some(unsafe { slot.with_table() })
}

/// Returns the slot of the first function that is one of the devices that `D` describes.
#[cfg(feature = "demo")]
pub(crate) fn find<D: Reviewed>() -> Option<DeviceSlot<D>> {
    let mut slots = pci::functions().iter().filter_map(slot::<D>);
    slots.find(DeviceSlot::is_present)
}

fn make(function: &Function) -> PciSlot {
    // SAFETY: the scan finds each function once and `SLOTS` is filled once, so each function has one slot. Nothing else
    // drives the function.
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
