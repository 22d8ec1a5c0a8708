//! The kernel's services for drivers: configuration space, registers, bus addresses, time.

use samara::heap::thread;
use samara::runtime::threads::api::yield_now;
use samara_device_io::host::{
    Backing, Clock, ConfigSpace, DmaTranslate, Host, MapBar, MapBarError, PciAddress,
};

use super::KernelHost;
use crate::mm::window::WindowError;
use crate::mm::{direct_map, window};
use crate::pci::{self, Bar};
use crate::time;

/// The kernel as a host of `device-io`.
pub(super) const HOST: Host = Host {
    config: &KernelHost,
    bars: &KernelHost,
    dma: &KernelHost,
    clock: &KernelHost,
    messages: &KernelHost,
};

fn address(address: PciAddress) -> pci_types::PciAddress {
    let PciAddress {
        segment,
        bus,
        device,
        function,
    } = address;
    pci_types::PciAddress::new(segment, bus, device, function)
}

// SAFETY: configuration space is memory in which each function has its own 4 KiB. Accesses are single, uncached and
// volatile, so they have taken effect when they return, and they do not panic. A function that is absent reads as all
// ones.
unsafe impl ConfigSpace for KernelHost {
    fn read(&self, function: PciAddress, offset: u16) -> u32 {
        pci::read_config(address(function), offset)
    }

    unsafe fn write(&self, function: PciAddress, offset: u16, value: u32) {
        // SAFETY: the caller is `device-io`. It makes a device bus master only while all memory that the device can
        // reach stays allocated, and it leaves the device's BARs at their addresses.
        unsafe { pci::write_config(address(function), offset, value) }
    }
}

// SAFETY: `window::map_device` maps at least `length` bytes uncached, and the mapping stays. `length` is at most the
// size of the BAR.
unsafe impl MapBar for KernelHost {
    fn map(&self, function: PciAddress, bar: u8, length: usize) -> Result<Backing, MapBarError> {
        let function = pci::find(address(function)).ok_or(MapBarError::Absent)?;
        let Some(Bar::Memory { address, size }) = function.bar(bar) else {
            return Err(MapBarError::Absent);
        };
        if length as u64 > size {
            return Err(MapBarError::TooShort);
        }
        match window::map_device(address, length as u64) {
            Ok(registers) => Ok(Backing::Raw(registers)),
            Err(WindowError::OutOfFrames) => Err(MapBarError::NoSpace),
            Err(WindowError::OutOfRange | WindowError::IsMemory) => Err(MapBarError::Absent),
        }
    }

    /// Does nothing. Mappings stay, and the next claim of the function gets the same mapping again.
    unsafe fn unmap(&self, _: PciAddress, _: u8, _: Backing) {}
}

// SAFETY: the direct map shows physical memory contiguously. Devices reach it at its physical addresses, since there is
// no IOMMU.
unsafe impl DmaTranslate for KernelHost {
    fn linear(&self) -> Option<u64> {
        // All pages of the exchange heap lie in the direct map, and there is no IOMMU.
        Some(direct_map::offset())
    }

    fn bus_address(&self, start: *const u8, length: usize) -> Option<u64> {
        direct_map::physical(start, length)
    }
}

// SAFETY: neither method allocates.
unsafe impl Clock for KernelHost {
    fn now(&self) -> u64 {
        time::since_boot().as_nanos() as u64
    }

    /// Yields. If the driver has a budget between yields, the budget begins anew with each yield. So the driver does
    /// not overrun while it waits for a slow device. Under the no-cut mark the thread must keep the CPU, so it spins
    /// instead.
    fn relax(&self) {
        if thread::current().in_no_cut() {
            core::hint::spin_loop();
        } else {
            yield_now();
        }
    }
}
