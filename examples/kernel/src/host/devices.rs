//! What drivers need of the kernel: configuration space, mapped registers, bus addresses, time.

use pci_types::PciAddress;
use samara_device_io::host as io;
use samara_device_io::host::{Backing, MapBarError};

use super::KernelHost;
use crate::mm::layout::PAGE_SIZE;
use crate::mm::{direct_map, window};
use crate::pci::{self, Bar, ecam};
use crate::time;

/// The kernel as the drivers' host.
pub(crate) const DEVICES: io::Host = io::Host {
    config: &KernelHost,
    bars: &KernelHost,
    dma: &KernelHost,
    clock: &KernelHost,
};

/// How `device-io` names the function that `pci_types` calls `address`.
pub(crate) fn device_address(address: PciAddress) -> io::PciAddress {
    io::PciAddress {
        segment: address.segment(),
        bus: address.bus(),
        device: address.device(),
        function: address.function(),
    }
}

fn pci_address(address: io::PciAddress) -> PciAddress {
    PciAddress::new(
        address.segment,
        address.bus,
        address.device,
        address.function,
    )
}

// SAFETY: configuration space is mapped uncached, and a load or store to it has taken effect when it
// retires (QEMU; PCI Express §2.1.1.2 on hardware).
unsafe impl io::ConfigSpace for KernelHost {
    fn read(&self, address: io::PciAddress, offset: u16) -> u32 {
        ecam().read(pci_address(address), offset)
    }

    fn write(&self, address: io::PciAddress, offset: u16, value: u32) {
        // SAFETY: `device-io` lets a device be bus master only with addresses of memory that is set
        // aside for it, and restores its BARs to what they were.
        unsafe { ecam().write(pci_address(address), offset, value) }
    }
}

// SAFETY: the window maps whole pages of the BAR uncached, outside RAM, for good.
unsafe impl io::MapBar for KernelHost {
    fn map(&self, address: io::PciAddress, bar: u8, length: usize) -> Result<Backing, MapBarError> {
        let address = pci_address(address);
        let function = pci::functions()
            .iter()
            .find(|function| function.address == address);
        let Some(Bar::Memory { address, size }) = function.and_then(|function| function.bar(bar))
        else {
            return Err(MapBarError::Absent);
        };
        if (length as u64) > size {
            return Err(MapBarError::TooShort);
        }
        // A page may hold registers of another function behind a short BAR.
        if address % PAGE_SIZE != 0 {
            return Err(MapBarError::NoSpace);
        }
        window::map_device(address, length as u64)
            .map(Backing::Raw)
            .map_err(|_| MapBarError::NoSpace)
    }

    /// Device windows stay: the next claim of the same BAR finds its own again.
    fn unmap(&self, _: io::PciAddress, _: u8, _: Backing) {}
}

// SAFETY: the direct map shows each frame at one constant distance, so what is contiguous there is
// contiguous for a device; there is no IOMMU. Other memory has no bus address.
unsafe impl io::DmaTranslate for KernelHost {
    fn bus_address(&self, start: *const u8, length: usize) -> Option<u64> {
        let first = direct_map::physical(start)?;
        let last = direct_map::physical(start.wrapping_add(length.saturating_sub(1)))?;
        (last >= first).then_some(first)
    }
}

impl io::Clock for KernelHost {
    fn now(&self) -> u64 {
        // 584 years fit.
        time::since_boot().as_nanos() as u64
    }

    fn relax(&self) {
        core::hint::spin_loop();
    }
}
