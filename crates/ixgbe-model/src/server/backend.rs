//! The VMM's requests.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use samara_ixgbe_model::pci::{CONFIG_SIZE, REGISTER_BAR};
use samara_ixgbe_model::registers;
use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_SET_DATA_EVENTFD, VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_MSIX_IRQ_INDEX,
};
use vfio_user::{DmaMapFlags, DmaUnmapFlags, ServerBackend};

use super::device::Device;

/// One connection's view of the device.
pub(super) struct Backend {
    device: Arc<Mutex<Device>>,
    verbose: bool,
}

impl Backend {
    pub(super) fn new(device: Arc<Mutex<Device>>, verbose: bool) -> Self {
        Backend { device, verbose }
    }

    fn device(&self) -> MutexGuard<'_, Device> {
        self.device.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The VMM has left: its memory and events go, the device is as after power-on.
    pub(super) fn leave(&self) {
        let mut device = self.device();
        device.memory.clear();
        device.vectors.clear();
        device.nic.power_cycle();
        device.step();
    }

    fn trace(&self, what: &str, region: u32, offset: u64, data: &[u8]) {
        if !self.verbose {
            return;
        }
        let value = data
            .iter()
            .rev()
            .fold(0u64, |value, &b| value << 8 | u64::from(b));
        let register = u32::try_from(offset).ok().and_then(registers::lookup);
        match register.filter(|_| region == u32::from(REGISTER_BAR)) {
            Some((register, 0)) if register.count == 1 => {
                tell!("{what} {} {value:#010x}", register.name);
            }
            Some((register, index)) => {
                tell!("{what} {}[{index}] {value:#010x}", register.name);
            }
            None => tell!("{what} region {region} {offset:#07x} {value:#x}"),
        }
    }
}

impl ServerBackend for Backend {
    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> io::Result<()> {
        // Untouched, it takes no memory yet: a VMM may ask for 4 GiB.
        if data.len() > CONFIG_SIZE {
            return Err(io::Error::other("no region has so many bytes to be read"));
        }
        let mut device = self.device();
        if region == VFIO_PCI_CONFIG_REGION_INDEX {
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            device.nic.config_read(offset, data);
        } else {
            let bar = u8::try_from(region).unwrap_or(u8::MAX);
            let value = device.nic.read(bar, offset, data.len()).to_le_bytes();
            data.fill(0xff);
            for (to, from) in data.iter_mut().zip(value) {
                *to = from;
            }
        }
        drop(device);
        self.trace("read", region, offset, data);
        Ok(())
    }

    fn region_write(&mut self, region: u32, offset: u64, data: &[u8]) -> io::Result<()> {
        self.trace("write", region, offset, data);
        let mut device = self.device();
        if region == VFIO_PCI_CONFIG_REGION_INDEX {
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            device.nic.config_write(offset, data);
        } else {
            let bar = u8::try_from(region).unwrap_or(u8::MAX);
            let mut value = [0; 8];
            for (to, from) in value.iter_mut().zip(data) {
                *to = *from;
            }
            let value = u64::from_le_bytes(value);
            device.nic.write(bar, offset, data.len(), value);
        }
        device.step();
        Ok(())
    }

    fn dma_map(
        &mut self,
        flags: DmaMapFlags,
        offset: u64,
        address: u64,
        size: u64,
        file: Option<File>,
    ) -> io::Result<()> {
        match file {
            Some(file) => {
                let memory = &mut self.device().memory;
                memory.map(flags, address, size, file, offset)
            }
            // Memory that is not shared, as a ROM: the device does not reach it.
            None => {
                self.device().memory.unmap(address, size);
                Ok(())
            }
        }
    }

    fn dma_unmap(&mut self, flags: DmaUnmapFlags, address: u64, size: u64) -> io::Result<()> {
        let mut device = self.device();
        if flags.contains(DmaUnmapFlags::UNMAP_ALL) {
            device.memory.clear();
        } else {
            device.memory.unmap(address, size);
        }
        Ok(())
    }

    fn reset(&mut self) -> io::Result<()> {
        tell!("the VMM resets the device");
        let mut device = self.device();
        device.nic.power_cycle();
        device.step();
        Ok(())
    }

    fn set_irqs(
        &mut self,
        index: u32,
        flags: u32,
        start: u32,
        count: u32,
        events: Vec<File>,
    ) -> io::Result<()> {
        if index != VFIO_PCI_MSIX_IRQ_INDEX {
            return Ok(());
        }
        let mut device = self.device();
        if count == 0 {
            device.vectors.clear();
        } else if flags & VFIO_IRQ_SET_DATA_EVENTFD != 0 {
            device.vectors.set(start as usize, count as usize, events);
        }
        Ok(())
    }
}
