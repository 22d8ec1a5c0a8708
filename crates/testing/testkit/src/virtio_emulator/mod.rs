//! Virtio devices in the process: block and net, modern, over PCI (Virtual I/O Device 1.2 and 1.3, whose sections
//! the comments cite). Registers, queues and data behave as the specification says, or, at the flick of a switch,
//! as no device should.
//!
//! A model is a PCI host too, with one function on it: drivers claim [`VirtioEmulator::slot`]. Bus addresses differ
//! from memory addresses, the device reaches only what was translated for it, only while it may be bus
//! master, and time is virtual: it passes as the driver waits, so a time-out of seconds takes none.
//!
//! It looks at a queue only when it was notified of it. What a driver does against the specification is counted,
//! and listed by [`VirtioEmulator::violations`].
//!
//! | file | concept |
//! |---|---|
//! | `shape`, `switches` | which device it is, how it misbehaves |
//! | `counts` | what it has seen |
//! | `capabilities`, `config_space` | configuration space |
//! | `registers`, `transport`, `reset` | the structures in the BAR |
//! | `interrupts` | MSI-X and ISR status |
//! | `queue`, `chain` | a split ring, and a buffer in it |
//! | `work` | from the available ring to the used ring |
//! | `backend`, `block`, `net` | the device types |
//! | `host`, `bus` | what `samara-device-io` asks of a host |
#![expect(unsafe_code, reason = "stands for a PCI host")]

mod backend;
mod block;
mod bus;
mod capabilities;
mod chain;
mod config_space;
mod counts;
mod host;
mod interrupts;
mod net;
mod queue;
mod registers;
mod reset;
mod shape;
mod switches;
mod transport;
mod work;

use std::boxed::Box;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use samara_device_io::host::{Clock, Host, PciAddress};
use samara_device_io::table::Table;
use samara_device_io::{DeviceSlot, PciSlot};
use samara_shared_heap::thread::as_host_uncharged;

use self::backend::Backend;
use self::bus::Window;
use self::config_space::{Config, MSIX_BAR, STRUCTURES_BAR};
pub use self::counts::{Counts, Violation};
use self::host::Bars;
use self::interrupts::Interrupts;
pub use self::shape::{Block, Device, Layout, Malformed, Net, Shape, Structure};
pub use self::switches::{Misbehaviour, Switches};
use self::transport::{ACCESS_PLATFORM, Resetting, Transport, VERSION_1};
use self::work::Request;
use crate::device_memory::{Memory, Oracle};
use crate::messages::Controller;
pub use crate::messages::{deliver, panic_when_taken_back, stray_messages, vectors_in_use};
use crate::virtual_time::PAUSE;

/// Where the function is, on each of the buses.
pub const ADDRESS: PciAddress = PciAddress {
    segment: 0,
    bus: 0,
    device: 6,
    function: 0,
};

/// Everything behind the model's lock.
struct Machine {
    shape: Shape,
    config: Config,
    transport: Transport,
    interrupts: Interrupts,
    backend: Backend,
    requests: Vec<Request>,
    memory: Memory,
    switches: Switches,
    counts: Counts,
    violations: Vec<Violation>,
    /// `config_generation`, and whether the configuration has changed since a driver has read of it.
    generation: u8,
    config_is_changed: bool,
    /// Features offered instead of the shape's.
    other_features: Option<u64>,
    /// The size of the queues.
    queue_size: u16,
    resetting: Resetting,
    /// Pauses for which the registers read as all ones.
    blind: u32,
    /// Nanoseconds of a pause.
    pause: u64,
    now: u64,
}

impl Machine {
    fn replug(&mut self, shape: Shape) {
        let old = core::mem::replace(self, Self::new(shape));
        self.memory = old.memory;
        self.counts = old.counts;
        self.violations = old.violations;
        self.now = old.now;
        self.pause = old.pause;
    }

    fn new(shape: Shape) -> Self {
        let backend = Backend::new(&shape.device);
        Self {
            config: Config::new(&shape),
            transport: Transport::new(backend.queues(), shape.queue_size),
            interrupts: Interrupts::new(shape.vectors()),
            backend,
            requests: Vec::new(),
            memory: Memory::default(),
            switches: Switches::default(),
            counts: Counts::default(),
            violations: Vec::new(),
            generation: 0,
            config_is_changed: false,
            other_features: None,
            queue_size: shape.queue_size,
            resetting: Resetting::No,
            blind: 0,
            pause: PAUSE,
            now: 0,
            shape,
        }
    }

    /// The features that the device offers (§2.2).
    fn offered(&self) -> u64 {
        let shape = &self.shape;
        let bit = |is_offered, bit| if is_offered { bit } else { 0 };
        self.other_features.unwrap_or_else(|| {
            self.backend.features()
                | bit(shape.version_1, VERSION_1)
                | bit(shape.access_platform, ACCESS_PLATFORM)
                | shape.also_offered
        })
    }
}

/// The device and the bus that it's on.
pub struct VirtioEmulator(Mutex<Machine>);

impl VirtioEmulator {
    /// A model that lives as long as the process, as a device does.
    pub fn leak(shape: Shape) -> &'static Self {
        Box::leak(Box::new(Self(Mutex::new(Machine::new(shape)))))
    }

    /// The bus that it's on, whose function is at [`ADDRESS`].
    pub fn host(&'static self) -> Host {
        let window = |bar| &*Box::leak(Box::new(Window { model: self, bar }));
        let bars = Box::leak(Box::new(Bars {
            model: self,
            structures: window(STRUCTURES_BAR),
            msix: window(MSIX_BAR),
        }));
        Host {
            config: self,
            bars,
            dma: self,
            clock: self,
            messages: &Controller,
        }
    }

    /// Where a driver claims it, as the device that table `D` describes: a block or a network device, as the shape says. Once for
    /// each model.
    pub fn slot<D: Table>(&'static self) -> DeviceSlot<D> {
        // SAFETY: each model is its own bus, and callers ask once; nothing else drives it.
        let slot = Box::leak(Box::new(unsafe { PciSlot::new(self.host(), ADDRESS) }));
        // SAFETY: it is one, and the callers are tests, which name its table.
        unsafe { slot.with_table() }
    }

    /// Reads `bytes` (1, 2 or 4) at `offset` of a BAR, as the bus does it.
    pub fn read(&self, bar: u8, offset: usize, bytes: u32) -> u32 {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self.run(|machine| machine.read(bar, offset, bytes))
    }

    /// Writes `bytes` (1, 2 or 4) at `offset` of a BAR, as the bus does it.
    pub fn write(&self, bar: u8, offset: usize, bytes: u32, value: u32) {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self.run(|machine| machine.write(bar, offset, bytes, value));
    }

    /// From now on `oracle` says what the device reaches.
    pub fn watch(&self, oracle: &'static dyn Oracle) {
        self.run(|machine| machine.memory.watch(oracle));
    }

    /// Makes a polling interval so many nanoseconds long, for tests in which time-outs come often.
    pub fn set_pause(&self, nanos: u64) {
        self.run(|machine| machine.pause = nanos);
    }

    /// The model's clock, in nanoseconds. Looking here takes no time.
    pub fn elapsed(&self) -> u64 {
        self.run(|machine| machine.now)
    }

    /// Changes the switches.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        self.run(|machine| change(&mut machine.switches));
    }

    /// What goes wrong with the next chain of the queue for which nothing was said yet.
    pub fn go_wrong(&self, queue: usize, how: Misbehaviour) {
        self.switch(|switches| switches.next[queue].push_back(Some(how)));
    }

    /// The device finds that it can't go on: DEVICE_NEEDS_RESET.
    pub fn break_down(&self) {
        self.run(Machine::need_reset);
    }

    /// Unplugs the device, and plugs in another of this shape, whose base addresses the host programs. What was translated for it stays
    /// so.
    pub fn replug(&self, shape: Shape) {
        self.run(|machine| machine.replug(shape));
    }

    /// The same, and the host has not noticed yet: there are no base addresses.
    pub fn replug_unnoticed(&self, shape: Shape) {
        self.run(|machine| {
            machine.replug(shape);
            machine.config.lose_bars();
        });
    }

    /// Where its structures are.
    pub fn layout(&self) -> Layout {
        self.lock().shape.layout
    }

    /// What it has seen so far.
    pub fn counts(&self) -> Counts {
        self.run(|machine| machine.counts)
    }

    /// The rules that the driver broke, the first 64.
    pub fn violations(&self) -> Vec<Violation> {
        self.lock().violations.clone()
    }

    /// The same, and they are forgotten.
    pub fn take_violations(&self) -> Vec<Violation> {
        core::mem::take(&mut self.lock().violations)
    }

    /// The medium; empty if it is no block device.
    pub fn medium<R>(&self, look: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        match &mut self.lock().backend {
            Backend::Block(disk) => look(&mut disk.medium),
            Backend::Net(_) => look(&mut Vec::new()),
        }
    }

    /// Changes the capacity of a block device while it runs, and tells the driver.
    pub fn set_capacity(&self, sectors: u64) {
        self.run(|machine| machine.set_capacity(sectors));
    }

    /// Plugs in the cable of a network device, or pulls it, and tells the driver.
    pub fn set_link(&self, is_up: bool) {
        self.run(|machine| machine.set_link(is_up));
    }

    /// A frame comes from the network. False if it is dropped: the device does not run, or has no link.
    pub fn receive(&self, frame: &[u8]) -> bool {
        self.run(|machine| {
            let is_taken = machine.receive(frame.to_vec());
            machine.work();
            is_taken
        })
    }

    /// Takes the frames that were sent and did not come back.
    pub fn take_sent(&self) -> Vec<Vec<u8>> {
        match &mut self.lock().backend {
            Backend::Net(nic) => core::mem::take(&mut nic.sent),
            Backend::Block(_) => Vec::new(),
        }
    }

    /// The device status register.
    pub fn status(&self) -> u8 {
        self.run(|machine| machine.transport.status)
    }

    /// Whether the driver has set the device to work, and the device can.
    pub fn is_running(&self) -> bool {
        self.run(|machine| machine.is_running())
    }

    /// Whether the function may be bus master.
    pub fn is_bus_master(&self) -> bool {
        self.run(|machine| machine.config.is_bus_master())
    }

    /// Chains of all queues that the device has and did not give back.
    pub fn in_flight(&self) -> usize {
        self.run(|machine| {
            let queues = machine.transport.queues.iter();
            queues.map(|queue| queue.in_flight.len()).sum()
        })
    }

    /// Lets `pauses` polling intervals pass.
    pub fn tick(&self, pauses: u64) {
        for _ in 0..pauses {
            self.relax();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the machine on behalf of the host: what it allocates is not the calling domain's.
    fn run<R>(&self, step: impl FnOnce(&mut Machine) -> R) -> R {
        // SAFETY: the model is host code, and so is every `step` in this module, and its tests.
        unsafe { as_host_uncharged(|| step(&mut self.lock())).0 }
    }
}
