//! What drivers need of the kernel: configuration space, registers, bus addresses, time.

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

/// The kernel as `device-io` sees it.
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

// SAFETY: configuration space is memory in which each function has its own 4 KiB; accesses are
// single, uncached and volatile, and what is absent reads as all ones.
unsafe impl ConfigSpace for KernelHost {
    fn read(&self, function: PciAddress, offset: u16) -> u32 {
        pci::read_config(address(function), offset)
    }

    unsafe fn write(&self, function: PciAddress, offset: u16, value: u32) {
        // SAFETY: handed on: the device reaches only memory that is set aside for it, and BARs are put back
        // where they were.
        unsafe { pci::write_config(address(function), offset, value) }
    }
}

// SAFETY: windows are mapped uncached, at least as far as asked, and stay so.
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

    /// Mappings stay: the next claim of the function gets the same.
    unsafe fn unmap(&self, _: PciAddress, _: u8, _: Backing) {}
}

// SAFETY: the direct map shows physical memory as it is, contiguous, and devices see it so too:
// there is no IOMMU.
unsafe impl DmaTranslate for KernelHost {
    fn linear(&self) -> Option<u64> {
        // The exchange heap's pages are all in the direct map, and there's no IOMMU.
        Some(direct_map::offset())
    }

    fn bus_address(&self, start: *const u8, length: usize) -> Option<u64> {
        direct_map::physical(start, length)
    }
}

// SAFETY: allocates nothing.
unsafe impl Clock for KernelHost {
    fn now(&self) -> u64 {
        time::since_boot().as_nanos() as u64
    }

    /// A wait of the domain, as far as its budget goes: a slow device is not its driver's hang. Under the no-cut mark nothing
    /// else may run.
    fn relax(&self) {
        if thread::current().in_no_cut() {
            core::hint::spin_loop();
        } else {
            yield_now();
        }
    }
}
