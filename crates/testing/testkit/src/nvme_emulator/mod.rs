//! An NVMe controller in the process: registers, queues and data behave as the specifications say, or, at
//! the flick of a switch, as no controller should.
//!
//! It is a PCI host too, with one function on it: drivers claim [`NvmeEmulator::slot`]. Bus addresses differ
//! from memory addresses, the device reaches only what was translated for it, only while it may be bus
//! master, and time is virtual: it passes as the driver waits, so a time-out of seconds takes none.
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

/// What the model has seen and done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commands fetched from I/O submission queues.
    pub io_commands: u64,
    /// The most I/O commands that were in flight at once.
    pub most_in_flight: usize,
    /// Accesses to memory that was never translated for the device: must stay 0.
    pub stray_accesses: u64,
    /// Accesses that were due while bus mastering was off, and did not happen.
    pub refused_accesses: u64,
    /// Flushes executed.
    pub flushes: u64,
    /// Normal shutdowns notified.
    pub shutdowns: u64,
    /// Controller resets (CC.EN cleared) and Function Level Resets.
    pub resets: u64,
    /// Doorbell writes that the specification calls invalid, and overruns: must stay 0.
    pub bad_doorbells: u64,
    /// Completions for which their queue had no room: must stay 0.
    pub overruns: u64,
}

/// Everything behind the model's lock.
struct Machine {
    config: Config,
    controller: Controller,
    memory: Memory,
    switches: Switches,
    counts: Counts,
    /// Nanoseconds of a pause.
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

    /// Whether the function answers in configuration space.
    fn is_there(&self) -> bool {
        !self.switches.removed && self.now >= self.switches.flr_until
    }
}

/// The controller and the bus that it's on.
pub struct NvmeEmulator {
    machine: Mutex<Machine>,
}

impl NvmeEmulator {
    /// A model that lives as long as the process, as a device does.
    pub fn leak(shape: Shape) -> &'static Self {
        Box::leak(Box::new(Self {
            machine: Mutex::new(Machine::new(shape)),
        }))
    }

    /// Where a driver claims it. Once for each model.
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
        // SAFETY: each model is its own bus, and callers ask once; nothing else drives it.
        let slot = Box::leak(Box::new(unsafe { PciSlot::new(host, address) }));
        // SAFETY: it is an NVMe controller.
        unsafe { slot.with_table() }
    }

    /// Changes the switches.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.lock().switches);
    }

    /// Unplugs the device, and plugs it in again as it comes from power-on.
    pub fn replug(&self) {
        let mut machine = self.lock();
        machine.switches = Switches::default();
        machine.config = Config::new(&machine.controller.shape);
        machine.controller.power_on();
    }

    /// Unplugs the device, and plugs in another of this shape, which has seen nothing.
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

    /// From now on `oracle` says what the device reaches.
    pub fn watch(&self, oracle: &'static dyn Oracle) {
        self.run(|machine| machine.memory.watch(oracle));
    }

    /// Makes a polling interval so many nanoseconds long, for tests in which time-outs come often.
    pub fn set_pause(&self, nanos: u64) {
        self.run(|machine| machine.pause = nanos);
    }

    /// Forgets doorbells that were rung of no queue.
    pub fn forgive_doorbells(&self) {
        self.run(|machine| machine.counts.bad_doorbells = 0);
    }

    /// What it has seen so far.
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// The medium of namespace 1, all its blocks.
    pub fn medium<R>(&self, look: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        look(&mut self.lock().controller.namespaces[0].medium)
    }

    /// The medium of namespace `id`, if there's one.
    pub fn medium_of<R>(&self, id: u32, look: impl FnOnce(&mut Vec<u8>) -> R) -> Option<R> {
        let index = usize::try_from(id).ok()?.checked_sub(1)?;
        let mut machine = self.lock();
        let namespace = machine.controller.namespaces.get_mut(index)?;
        Some(look(&mut namespace.medium))
    }

    /// The model's clock, in nanoseconds. Looking here takes no time.
    pub fn now(&self) -> u64 {
        self.lock().now
    }

    /// Whether the controller is enabled and ready.
    pub fn is_ready(&self) -> bool {
        let machine = self.lock();
        machine.controller.life.is_ready(machine.now)
    }

    /// Whether the function may be bus master.
    pub fn is_bus_master(&self) -> bool {
        self.lock().config.is_bus_master()
    }

    /// Lets `pauses` polling intervals pass.
    pub fn tick(&self, pauses: u64) {
        for _ in 0..pauses {
            self.relax();
        }
    }

    /// Panics, with no lock held, if the clock has come to its end.
    fn wind(&self) {
        let lasts = self.run(|machine| {
            let lasts = machine.switches.clock_lasts.as_mut()?;
            let left = lasts.checked_sub(1);
            *lasts = left.unwrap_or(0);
            Some(left)
        });
        assert_ne!(lasts, Some(None), "the clock is broken");
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the machine on behalf of the host: what it allocates is not the calling domain's.
    fn run<R>(&self, step: impl FnOnce(&mut Machine) -> R) -> R {
        // SAFETY: the model is host code, and so is every `step` in this module.
        unsafe { as_host_uncharged(|| step(&mut self.lock())).0 }
    }
}

// SAFETY: reaches the model's configuration space only, at once.
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

/// The model's registers as a bus; the lifetime of the model is the process's.
struct Registers(&'static NvmeEmulator);

// SAFETY: the model runs as the host.
unsafe impl MmioBus for Registers {
    fn read(&self, offset: usize, _: Width) -> u32 {
        self.0.run(|machine| machine.register(offset))
    }

    fn write(&self, offset: usize, _: Width, value: u32) {
        self.0.run(|machine| machine.set_register(offset, value));
    }
}

/// BAR 0 is the registers.
struct Bars {
    registers: &'static Registers,
}

// SAFETY: returns an emulated bus, never a raw mapping.
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

// SAFETY: a bus address is the memory address plus a constant, and `Memory` takes the constant off again.
unsafe impl DmaTranslate for NvmeEmulator {
    fn bus_address(&self, start: *const u8, length: usize) -> Option<u64> {
        self.run(|machine| machine.memory.grant(start, length))
    }
}

// SAFETY: as above.
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
