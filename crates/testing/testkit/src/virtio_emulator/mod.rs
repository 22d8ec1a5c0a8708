//! Emulated virtio devices in the test's process: block and network devices, modern, over PCI (Virtual I/O Device 1.2
//! and 1.3; the comments cite their sections). Registers, queues and data behave as the specification says. A test
//! can set [`Switches`] that make the device misbehave.
//!
//! A model is also a PCI host with one function on its bus: drivers claim [`VirtioEmulator::slot`]. Bus addresses
//! differ from memory addresses. The device reaches only memory that was translated for it, and only while it may be
//! bus master. Time is virtual: it passes only when the driver waits or reads the clock, so a timeout of seconds
//! takes no real time.
//!
//! The device looks at a queue only after a notification. It counts each rule of the specification that the driver
//! breaks, and [`VirtioEmulator::violations`] lists them.
//!
//! | file | concept |
//! |---|---|
//! | `shape`, `switches` | how the device is built, how it misbehaves |
//! | `counts` | counters of events, and violations of the specification |
//! | `capabilities`, `config_space` | configuration space |
//! | `registers`, `transport`, `reset` | the virtio structures in the BAR, and resets |
//! | `interrupts` | MSI-X and ISR status |
//! | `queue`, `chain` | a split virtqueue, and a descriptor chain in it |
//! | `work` | how a chain gets from the available ring to the used ring |
//! | `backend`, `block`, `net` | the device types |
//! | `host`, `bus` | the host traits of `samara-device-io` |
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

/// The address of the function, the same on every model's bus.
pub const ADDRESS: PciAddress = PciAddress {
    segment: 0,
    bus: 0,
    device: 6,
    function: 0,
};

/// The model's state, which its lock guards.
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
    /// The `config_generation` field.
    generation: u8,
    /// Whether the device configuration has changed since the driver last read from it.
    config_is_changed: bool,
    /// If the device offers other features than those of the shape: these features.
    other_features: Option<u64>,
    /// The maximum size of each queue.
    queue_size: u16,
    resetting: Resetting,
    /// The number of further pauses for which the registers read as all ones.
    blind: u32,
    /// The length of a pause, in nanoseconds.
    pause: u64,
    /// The virtual time, in nanoseconds.
    now: u64,
}

impl Machine {
    /// Replaces the device by a new one. The counters, the violations, the clock and the translated memory stay,
    /// because they belong to the bus and to the test.
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

    /// Returns the features that the device offers (§2.2).
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

/// A virtio device together with its PCI bus.
pub struct VirtioEmulator(Mutex<Machine>);

impl VirtioEmulator {
    /// Makes a model that lives as long as the process.
    pub fn leak(shape: Shape) -> &'static Self {
        Box::leak(Box::new(Self(Mutex::new(Machine::new(shape)))))
    }

    /// Returns the host whose bus the device is on. The function's address is [`ADDRESS`].
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

    /// Makes the slot in which a driver claims the function as the device that table `D` describes. `D` must fit the
    /// shape: it is the table of a block device or of a network device. Call this once for each model.
    pub fn slot<D: Table>(&'static self) -> DeviceSlot<D> {
        // SAFETY: each model is a bus of its own, the callers make one slot for it, and nothing else drives the
        // function.
        let slot = Box::leak(Box::new(unsafe { PciSlot::new(self.host(), ADDRESS) }));
        // SAFETY: the callers are tests, and they name the table of the device that the model emulates.
        unsafe { slot.with_table() }
    }

    /// Reads `bytes` (1, 2 or 4) at `offset` of a BAR, as an access over the bus does.
    pub fn read(&self, bar: u8, offset: usize, bytes: u32) -> u32 {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self.run(|machine| machine.read(bar, offset, bytes))
    }

    /// Writes `bytes` (1, 2 or 4) at `offset` of a BAR, as an access over the bus does.
    pub fn write(&self, bar: u8, offset: usize, bytes: u32, value: u32) {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self.run(|machine| machine.write(bar, offset, bytes, value));
    }

    /// Lets `oracle` decide from now on which memory the device reaches.
    pub fn watch(&self, oracle: &'static dyn Oracle) {
        self.run(|machine| machine.memory.watch(oracle));
    }

    /// Sets the length of a polling interval in nanoseconds. Long intervals let timeouts expire after few polls.
    pub fn set_pause(&self, nanos: u64) {
        self.run(|machine| machine.pause = nanos);
    }

    /// Returns the time of the model's clock, in nanoseconds. Unlike [`Clock::now`], this call takes no virtual time.
    pub fn elapsed(&self) -> u64 {
        self.run(|machine| machine.now)
    }

    /// Lets `change` set the device's switches.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        self.run(|machine| change(&mut machine.switches));
    }

    /// Sets the misbehaviour of one chain: the next chain of the queue for which no earlier call has set one.
    pub fn go_wrong(&self, queue: usize, how: Misbehaviour) {
        self.switch(|switches| switches.next[queue].push_back(Some(how)));
    }

    /// Breaks the device: it sets DEVICE_NEEDS_RESET.
    pub fn break_down(&self) {
        self.run(Machine::need_reset);
    }

    /// Unplugs the device and plugs in another of this shape. The host has programmed the base addresses of the new
    /// device. Memory that was translated for the old device stays translated.
    pub fn replug(&self, shape: Shape) {
        self.run(|machine| machine.replug(shape));
    }

    /// Does the same as [`replug`](Self::replug), but the host has not noticed the new device: its base addresses are
    /// not programmed.
    pub fn replug_unnoticed(&self, shape: Shape) {
        self.run(|machine| {
            machine.replug(shape);
            machine.config.lose_bars();
        });
    }

    /// Returns the places of the virtio structures.
    pub fn layout(&self) -> Layout {
        self.lock().shape.layout
    }

    /// Returns the counters.
    pub fn counts(&self) -> Counts {
        self.run(|machine| machine.counts)
    }

    /// Returns the first 64 violations of the specification by the driver, in order.
    pub fn violations(&self) -> Vec<Violation> {
        self.lock().violations.clone()
    }

    /// Returns the same violations and removes them from the list.
    pub fn take_violations(&self) -> Vec<Violation> {
        core::mem::take(&mut self.lock().violations)
    }

    /// Lets `look` read and change the medium. A network device shows an empty one.
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

    /// Delivers a frame from the network. Returns false if the device drops the frame at once, because it does not
    /// run, has no link, has no room for one more frame, or is a block device.
    pub fn receive(&self, frame: &[u8]) -> bool {
        self.run(|machine| {
            let is_taken = machine.receive(frame.to_vec());
            machine.work();
            is_taken
        })
    }

    /// Takes the frames that the driver sent and that the device did not loop back.
    pub fn take_sent(&self) -> Vec<Vec<u8>> {
        match &mut self.lock().backend {
            Backend::Net(nic) => core::mem::take(&mut nic.sent),
            Backend::Block(_) => Vec::new(),
        }
    }

    /// Returns the device status. Unlike the register, it can be 0 while a reset is going on.
    pub fn status(&self) -> u8 {
        self.run(|machine| machine.transport.status)
    }

    /// Whether the device uses its queues. It does so if the driver has set DRIVER_OK and the device is neither
    /// broken nor unplugged.
    pub fn is_running(&self) -> bool {
        self.run(|machine| machine.is_running())
    }

    /// Whether the function may be bus master.
    pub fn is_bus_master(&self) -> bool {
        self.run(|machine| machine.config.is_bus_master())
    }

    /// Returns the number of chains, over all queues, that the device has taken and not given back.
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

    /// Runs `step` as the host, so that its memory does not belong to the calling domain.
    fn run<R>(&self, step: impl FnOnce(&mut Machine) -> R) -> R {
        // SAFETY: the model is host code, and so is every `step` that this module and the tests pass.
        unsafe { as_host_uncharged(|| step(&mut self.lock())).0 }
    }
}
