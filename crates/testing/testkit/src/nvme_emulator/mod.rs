//! An NVMe controller in the process. Its registers, queues and data behave as the specifications say. Tests can set
//! [`Switches`] that make it misbehave.
//!
//! The model is also a PCI host with this one function: drivers claim [`NvmeEmulator::slot`]. Bus addresses differ from
//! memory addresses. The device can reach only memory that was translated for it, and only while bus mastering is on.
//! Time is virtual: it passes when the driver reads the clock or waits. So a time-out of seconds takes almost no real
//! time.
#![expect(unsafe_code, reason = "a device accesses memory by address")]

mod admin;
mod config_space;
mod controller;
mod execution;
mod identify;
mod io;
mod life;
mod namespace;
mod null;
mod queue;
mod registers;
mod shape;
mod switches;
#[cfg(test)]
mod tests;
mod timing;
mod zones;

use std::boxed::Box;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use samara_device_io::host::{
    Backing, Clock, ConfigSpace, DmaTranslate, Host, MapBar, MapBarError, MmioBus, NoMessages,
    PciAddress,
};
use samara_device_io::table::Width;
use samara_device_io::{DeviceSlot, PciSlot};
use samara_device_tables::Nvme;
use samara_shared_heap::thread::as_host_uncharged;

use self::config_space::Config;
use self::controller::Controller;
pub use self::namespace::NamespaceShape;
pub use self::null::NullDisk;
pub use self::shape::Shape;
pub use self::switches::{Misbehaviour, Switches};
pub use self::timing::Timing;
use crate::device_memory::{Memory, Oracle};
use crate::virtual_time::{LOOK, PAUSE};

/// Counts of events in the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commands fetched from I/O submission queues.
    pub io_commands: u64,
    /// The most I/O commands that were in flight at the same time.
    pub most_in_flight: usize,
    /// Accesses to memory that the device cannot reach. Must stay 0.
    pub stray_accesses: u64,
    /// Fetched commands that could not be executed because bus mastering was off. Such a command is counted again
    /// whenever the model tries to work.
    pub refused_accesses: u64,
    /// Flush commands that were executed.
    pub flushes: u64,
    /// Normal shutdowns that the driver has requested through CC.SHN.
    pub shutdowns: u64,
    /// Controller resets (CC.EN cleared) and Function Level Resets.
    pub resets: u64,
    /// Doorbell writes that are invalid by the specification, and [`overruns`](Self::overruns). Must stay 0.
    pub bad_doorbells: u64,
    /// Completions for which the completion queue had no room. Must stay 0.
    pub overruns: u64,
}

/// The state that the model's lock protects.
struct Machine {
    config: Config,
    controller: Controller,
    memory: Memory,
    switches: Switches,
    counts: Counts,
    /// Nanoseconds that a pause of the driver takes.
    pause: u64,
    now: u64,
}

impl Machine {
    fn new(shape: Shape) -> Self {
        Self {
            config: Config::new(&shape),
            controller: Controller::new(shape),
            memory: Memory::default(),
            switches: Switches::default(),
            counts: Counts::default(),
            pause: PAUSE,
            now: 0,
        }
    }

    /// Whether the function answers accesses to configuration space.
    fn is_there(&self) -> bool {
        !self.switches.removed && self.now >= self.switches.flr_until
    }
}

/// The controller, and the bus to which it is attached.
pub struct NvmeEmulator {
    machine: Mutex<Machine>,
}

impl NvmeEmulator {
    /// Makes a model that lives as long as the process, as a device does.
    pub fn leak(shape: Shape) -> &'static Self {
        Box::leak(Box::new(Self {
            machine: Mutex::new(Machine::new(shape)),
        }))
    }

    /// Returns the slot from which a driver claims the controller. Call this only once for each model.
    pub fn slot(&'static self) -> DeviceSlot<Nvme> {
        let registers = Box::leak(Box::new(Registers(self)));
        let bars = Box::leak(Box::new(Bars { registers }));
        let host = Host {
            config: self,
            bars,
            dma: self,
            clock: self,
            messages: &NoMessages,
        };
        let address = PciAddress {
            segment: 0,
            bus: 0,
            device: 4,
            function: 0,
        };
        // SAFETY: each model is on a bus of its own, and callers ask for its slot only once. So nothing else drives the
        // device.
        let slot = Box::leak(Box::new(unsafe { PciSlot::new(host, address) }));
        // SAFETY: the model behaves as an NVMe controller, which is the device that the table describes.
        unsafe { slot.with_table() }
    }

    /// Lets `change` set the switches.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.lock().switches);
    }

    /// Unplugs the device and plugs it in again, in its power-on state. The media and the counts stay, and all
    /// switches are reset.
    pub fn replug(&self) {
        let mut machine = self.lock();
        machine.switches = Switches::default();
        machine.config = Config::new(&machine.controller.shape);
        machine.controller.power_on();
    }

    /// Unplugs the device and plugs in a new one of this shape, with empty media. All switches and counts are reset.
    pub fn replug_as(&self, shape: Shape) {
        self.run(|machine| {
            machine.switches = Switches::default();
            machine.counts = Counts::default();
            machine.config = Config::new(&shape);
            machine.controller = Controller::new(shape);
        });
    }

    /// Attaches namespace `id`.
    pub fn attach(&self, id: u32) {
        self.set_active(id, true);
    }

    /// Detaches namespace `id`.
    pub fn detach(&self, id: u32) {
        self.set_active(id, false);
    }

    fn set_active(&self, id: u32, active: bool) {
        let index = id as usize - 1;
        self.lock().controller.namespaces[index].shape.active = active;
    }

    /// Lets `oracle` decide from now on which memory the device can reach.
    pub fn watch(&self, oracle: &'static dyn Oracle) {
        self.run(|machine| machine.memory.watch(oracle));
    }

    /// Makes each polling interval `nanos` nanoseconds long. This is for tests in which time-outs come often.
    pub fn set_pause(&self, nanos: u64) {
        self.run(|machine| machine.pause = nanos);
    }

    /// Sets the count of invalid doorbell writes to 0.
    pub fn forgive_doorbells(&self) {
        self.run(|machine| machine.counts.bad_doorbells = 0);
    }

    /// Returns the counts so far.
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Gives access to the medium of namespace 1.
    pub fn medium<R>(&self, look: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        look(&mut self.lock().controller.namespaces[0].medium)
    }

    /// Gives access to the medium of namespace `id`. `None` if there is no such namespace.
    pub fn medium_of<R>(&self, id: u32, look: impl FnOnce(&mut Vec<u8>) -> R) -> Option<R> {
        let index = usize::try_from(id).ok()?.checked_sub(1)?;
        let mut machine = self.lock();
        let namespace = machine.controller.namespaces.get_mut(index)?;
        Some(look(&mut namespace.medium))
    }

    /// Returns the time of the model's clock, in nanoseconds. Does not let time pass.
    pub fn now(&self) -> u64 {
        self.lock().now
    }

    /// Whether the controller is enabled and ready.
    pub fn is_ready(&self) -> bool {
        let machine = self.lock();
        machine.controller.life.is_ready(machine.now)
    }

    /// Whether bus mastering is on.
    pub fn is_bus_master(&self) -> bool {
        self.lock().config.is_bus_master()
    }

    /// Lets `pauses` polling intervals pass, in each of which the device works.
    pub fn tick(&self, pauses: u64) {
        for _ in 0..pauses {
            self.relax();
        }
    }

    /// Counts one call of the clock. Panics, without a lock held, if [`Switches::clock_lasts`] allows no more calls.
    fn wind(&self) {
        let lasts = self.run(|machine| {
            let lasts = machine.switches.clock_lasts.as_mut()?;
            let left = lasts.checked_sub(1);
            *lasts = left.unwrap_or(0);
            Some(left)
        });
        assert_ne!(
            lasts,
            Some(None),
            "the clock is broken: the switch `clock_lasts` allows no more calls"
        );
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the machine on behalf of the host, so that memory that it allocates does not belong to the calling domain.
    fn run<R>(&self, step: impl FnOnce(&mut Machine) -> R) -> R {
        // SAFETY: the model is code of the host, and so is every `step` in this module.
        unsafe { as_host_uncharged(|| step(&mut self.lock())).0 }
    }
}

// SAFETY: the methods access only the model's configuration space, and return at once.
unsafe impl ConfigSpace for NvmeEmulator {
    fn read(&self, _: PciAddress, offset: u16) -> u32 {
        self.run(|machine| {
            if machine.is_there() {
                machine.config.read(offset)
            } else {
                u32::MAX
            }
        })
    }

    unsafe fn write(&self, _: PciAddress, offset: u16, value: u32) {
        self.run(|machine| {
            if machine.config.is_bus_master() {
                machine.memory.is_master();
            }
            let is_there = machine.is_there();
            let is_lost = machine.switches.lost_config_writes.next();
            if is_there && !is_lost && machine.config.write(offset, value) {
                machine.switches.flr_until = machine.now + machine.switches.flr_takes;
                machine.counts.resets += 1;
                machine.controller.reset_function(machine.now);
            }
        });
    }
}

/// The model's registers as a bus. The model lives as long as the process.
struct Registers(&'static NvmeEmulator);

// SAFETY: the model runs on behalf of the host, also when it allocates.
unsafe impl MmioBus for Registers {
    fn read(&self, offset: usize, _: Width) -> u32 {
        self.0.run(|machine| machine.register(offset))
    }

    fn write(&self, offset: usize, _: Width, value: u32) {
        self.0.run(|machine| machine.set_register(offset, value));
    }
}

/// The function's BARs: BAR 0 has the registers, and there is no other BAR.
struct Bars {
    registers: &'static Registers,
}

// SAFETY: `map` returns an emulated bus, never a raw mapping.
unsafe impl MapBar for Bars {
    fn map(&self, _: PciAddress, bar: u8, length: usize) -> Result<Backing, MapBarError> {
        match bar {
            0 if length <= config_space::BAR_LENGTH => Ok(Backing::Bus(self.registers)),
            0 => Err(MapBarError::TooShort),
            _ => Err(MapBarError::Absent),
        }
    }

    unsafe fn unmap(&self, _: PciAddress, _: u8, _: Backing) {}
}

// SAFETY: a bus address is the memory address plus a constant, which `Memory` subtracts again.
unsafe impl DmaTranslate for NvmeEmulator {
    fn bus_address(&self, start: *const u8, length: usize) -> Option<u64> {
        self.run(|machine| machine.memory.grant(start, length))
    }
}

// SAFETY: the model runs on behalf of the host, also when it allocates.
unsafe impl Clock for NvmeEmulator {
    fn now(&self) -> u64 {
        self.wind();
        self.run(|machine| {
            machine.now += LOOK;
            machine.now
        })
    }

    fn relax(&self) {
        self.wind();
        self.run(|machine| {
            machine.now += machine.pause;
            machine.work(true);
        });
        std::thread::yield_now();
    }
}
