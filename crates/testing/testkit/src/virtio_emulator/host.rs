//! The model as a PCI host with one function on its bus.

use samara_device_io::host::{
    Backing, Clock, ConfigSpace, DmaTranslate, MapBar, MapBarError, PciAddress,
};

use super::bus::Window;
use super::config_space::{Effect, MSIX_BAR, STRUCTURES_BAR};
use super::{Machine, VirtioEmulator};
use crate::messages::taken_back;
use crate::virtual_time::LOOK;

/// Bytes of the MSI-X BAR.
const MSIX_LENGTH: usize = 0x1000;

impl Machine {
    fn read_config(&mut self, offset: u16) -> u32 {
        if self.switches.removed {
            return u32::MAX;
        }
        match self.config.effect(offset, None) {
            Effect::Window { bar, offset, bytes } => self.read(bar, offset, bytes),
            _ => {
                let asserts = !self.config.msix_is_enabled() && self.interrupts.isr != 0;
                self.config.read(offset, asserts)
            }
        }
    }

    fn write_config(&mut self, offset: u16, value: u32) {
        if self.switches.removed || self.switches.lost_config_writes.next() {
            return;
        }
        match self.config.effect(offset, Some(value)) {
            Effect::Window { bar, offset, bytes } => self.write(bar, offset, bytes, value),
            Effect::Reset => {
                if self.config.is_bus_master() {
                    self.memory.is_master();
                }
                self.reset_function();
            }
            Effect::None => {
                if self.config.is_bus_master() {
                    self.memory.is_master();
                }
                self.config.write(offset, value);
                // The write may have enabled bus mastering or MSI-X, so pending messages may be due.
                self.send_messages();
            }
        }
    }
}

// SAFETY: accesses reach only the model's configuration space, and take effect before they return.
unsafe impl ConfigSpace for VirtioEmulator {
    fn read(&self, _: PciAddress, offset: u16) -> u32 {
        self.run(|machine| machine.read_config(offset))
    }

    unsafe fn write(&self, _: PciAddress, offset: u16, value: u32) {
        self.run(|machine| machine.write_config(offset, value));
    }
}

/// For each of the function's BARs, the bus that emulates it.
pub(super) struct Bars {
    pub(super) model: &'static VirtioEmulator,
    pub(super) structures: &'static Window,
    pub(super) msix: &'static Window,
}

// SAFETY: `map` returns an emulated bus, never a raw mapping.
unsafe impl MapBar for Bars {
    fn map(&self, _: PciAddress, bar: u8, length: usize) -> Result<Backing, MapBarError> {
        let (structures, vectors) = self
            .model
            .run(|machine| (machine.shape.layout.bar as usize, machine.shape.vectors()));
        let (window, there) = match bar {
            STRUCTURES_BAR => (self.structures, structures),
            MSIX_BAR if vectors > 0 => (self.msix, MSIX_LENGTH),
            _ => return Err(MapBarError::Absent),
        };
        if length > there {
            return Err(MapBarError::TooShort);
        }
        Ok(Backing::Bus(window))
    }

    unsafe fn unmap(&self, _: PciAddress, _: u8, _: Backing) {
        taken_back();
    }
}

// SAFETY: a bus address is the memory address plus a constant, and `Memory` subtracts the constant at each access.
unsafe impl DmaTranslate for VirtioEmulator {
    fn bus_address(&self, start: *const u8, length: usize) -> Option<u64> {
        self.run(|machine| machine.memory.grant(start, length))
    }
}

// SAFETY: the model runs each call as the host, so its allocations belong to the host.
unsafe impl Clock for VirtioEmulator {
    fn now(&self) -> u64 {
        self.run(|machine| {
            machine.now += LOOK;
            machine.now
        })
    }

    fn relax(&self) {
        self.run(Machine::pause);
        std::thread::yield_now();
    }
}
