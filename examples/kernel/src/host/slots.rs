//! PCI functions as domains may claim them: a slot for each that was found.

use alloc::vec::Vec;

use samara_device_io::PciSlot;
use samara_device_io::host::PciAddress;
use spin::Once;

use super::devices::HOST;
use crate::pci::{self, Function};

static SLOTS: Once<Vec<PciSlot>> = Once::new();

/// The slot of a function that the scan found. Made at the first call, by the host.
pub(crate) fn slot(function: &Function) -> Option<&'static PciSlot> {
    let slots = SLOTS.call_once(|| pci::functions().iter().map(make).collect());
    let address = address_of(function);
    slots.iter().find(|slot| slot.address() == address)
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
