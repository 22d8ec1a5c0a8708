//! An 82599 in the process: the model on a PCI bus of its own, that drivers claim; or a [`NullNic`] that
//! does next to nothing, to measure them on.
//!
//! Bus addresses differ from memory addresses, the device reaches only what was translated for it, and time
//! is virtual: it passes as the driver waits. The device works when the driver waits, or is told to.
#![expect(unsafe_code, reason = "stands for a PCI host")]

mod null;

use core::ops::Range;
use std::boxed::Box;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use samara_device_io::host::{
    Backing, Clock, ConfigSpace, DmaTranslate, Host, MapBar, MapBarError, MmioBus, PciAddress,
};
use samara_device_io::table::Width;
use samara_device_io::{DeviceSlot, PciSlot};
use samara_device_tables::Ixgbe;
use samara_ixgbe_emulator::pci::{MSIX_BAR, MSIX_BAR_SIZE, PCIE_CAPABILITY};
use samara_ixgbe_emulator::registers::{bits, offset};
use samara_ixgbe_emulator::{
    DmaError, Drops, Faults, GuestMemory, Interrupts, Loop, Nic, Omissions, Options, Placements,
    Progress,
};
use samara_shared_heap::thread::as_host_uncharged;

pub use self::null::{NullNic, cycles};
use crate::device_memory::{Memory, Oracle};
use crate::messages::{Controller, taken_back};
pub use crate::messages::{deliver, panic_when_taken_back, stray_messages, vectors_in_use};
use crate::virtual_time::{LOOK, PAUSE};

/// Bytes of BAR 0.
const BAR_LENGTH: usize = 0x2_0000;
/// The MSI-X table's.
const MSIX_LENGTH: usize = MSIX_BAR_SIZE as usize;
/// Vectors that are looked at after each step.
const VECTORS: u64 = 64;
/// PCI command register, bit 2: bus master.
const COMMAND: usize = 0x04;
const BUS_MASTER: u8 = 1 << 2;
/// PCI Express device capabilities, bit 28: Function Level Reset.
const DEVICE_CAPABILITIES: usize = PCIE_CAPABILITY + 4;
const FUNCTION_RESET: u32 = 1 << 28;

/// The memory that the device reaches, and how often it reached elsewhere.
#[derive(Default)]
struct Reached {
    memory: Memory,
    strays: Mutex<u64>,
}

impl Reached {
    fn result<E>(&self, done: Result<(), E>, address: u64, length: usize) -> Result<(), DmaError> {
        done.map_err(|_| {
            *self.strays.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            DmaError::Unmapped { address, length }
        })
    }
}

impl GuestMemory for Reached {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), DmaError> {
        let length = into.len();
        self.result(self.memory.read(address, into), address, length)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError> {
        self.result(self.memory.write(address, bytes), address, bytes.len())
    }
}

/// Everything behind the lock.
struct Machine {
    nic: Nic,
    reached: Reached,
    link: Loop,
    /// Sent so far.
    messages: u64,
    /// How often the driver has written each register.
    writes: BTreeMap<usize, u64>,
    /// Steps of a pause.
    pause: u64,
    now: u64,
    /// Configuration space hides that there's a Function Level Reset.
    hides_reset: bool,
    /// Register accesses until it is unplugged.
    removed_after: Option<u64>,
    /// Register accesses until it reads as all ones, and nanoseconds for which it does; until when.
    blind_after: Option<(u64, u64)>,
    blind_until: u64,
}

/// Vectors raised in one step.
struct Raised(u64);

impl Interrupts for Raised {
    fn raise(&mut self, vector: u16) {
        self.0 |= 1 << (vector % 64);
    }
}

impl Machine {
    /// Whether the function answers accesses to its registers (PCI 3.0 §6.2.2).
    fn decodes(&self) -> bool {
        let mut command = [0; 1];
        self.nic.config_read(COMMAND, &mut command);
        command[0] & 2 != 0
    }

    /// Another device is there.
    fn replug(&mut self, nic: Nic) {
        self.nic = nic;
        self.nic.advance(self.now);
        self.link.inbound.clear();
        self.link.outbound.clear();
    }

    /// One more register access; whether nothing answers.
    fn is_blind(&mut self) -> bool {
        if let Some(left) = self.removed_after {
            self.removed_after = left.checked_sub(1);
            if left == 0 {
                let mut faults = *self.nic.faults();
                faults.removed = true;
                self.nic.inject(faults);
            }
        }
        if let Some((left, nanos)) = self.blind_after {
            self.blind_after = left.checked_sub(1).map(|left| (left, nanos));
            if left == 0 {
                self.blind_until = self.now + nanos;
            }
        }
        self.now < self.blind_until
    }

    fn step(&mut self) -> Progress {
        let mut raised = Raised(0);
        let progress = self
            .nic
            .step(&mut self.reached, &mut self.link, &mut raised);
        for vector in (0..VECTORS).filter(|vector| raised.0 >> vector & 1 != 0) {
            self.messages += 1;
            let mut word = |at| self.nic.read(MSIX_BAR, vector * 16 + at, 4);
            let address = word(4) << 32 | word(0);
            deliver(address, word(8) as u32);
        }
        progress
    }
}

/// A card from power-on, whose base addresses, registers 0 and 4, the host has programmed: nobody looks where they are.
fn programmed() -> Nic {
    let mut nic = Nic::new(Options::default());
    for (bar, at) in [(0x10, 0xFE00_0000u32), (0x20, 0xFE10_0000)] {
        nic.config_write(bar, &at.to_le_bytes());
    }
    nic
}

/// The model and the bus that it's on.
pub struct IxgbeBus(Mutex<Machine>);

impl IxgbeBus {
    /// A model with a cable, that lives as long as the process, as a device does.
    pub fn leak(link: Loop) -> &'static Self {
        let machine = Machine {
            nic: programmed(),
            reached: Reached::default(),
            link,
            messages: 0,
            writes: BTreeMap::new(),
            pause: 1,
            now: 0,
            hides_reset: false,
            removed_after: None,
            blind_after: None,
            blind_until: 0,
        };
        Box::leak(Box::new(Self(Mutex::new(machine))))
    }

    /// Where a driver claims it. Once for each model.
    pub fn slot(&'static self) -> DeviceSlot<Ixgbe> {
        let window = |bar| &*Box::leak(Box::new(Registers(self, bar)));
        let bars = Box::leak(Box::new(Bars([window(0), window(MSIX_BAR)])));
        let host = Host {
            config: self,
            bars,
            dma: self,
            clock: self,
            messages: &Controller,
        };
        // SAFETY: each model is its own bus, and callers ask once; nothing else drives it.
        let slot = Box::leak(Box::new(unsafe { PciSlot::new(host, ADDRESS) }));
        // SAFETY: it is an 82599, as far as its queues go.
        unsafe { slot.with_table() }
    }

    /// Unplugs the device and its cable, and plugs both in as they come from power-on. The host programs its base addresses.
    pub fn replug(&self) {
        self.run(|machine| machine.replug(programmed()));
    }

    /// The same, and the host has not noticed yet: there are no base addresses.
    pub fn replug_unnoticed(&self) {
        self.run(|machine| machine.replug(Nic::new(Options::default())));
    }

    /// From now on `oracle` says what the device reaches.
    pub fn watch(&self, oracle: &'static dyn Oracle) {
        self.run(|machine| machine.reached.memory.watch(oracle));
    }

    /// Makes a pause of the driver as long as so many polling intervals, in each of which the device works, for tests in which
    /// time-outs come often.
    pub fn set_pause(&self, intervals: u64) {
        self.run(|machine| machine.pause = intervals);
    }

    /// Injects other faults from now on.
    pub fn inject(&self, faults: Faults) {
        self.run(|machine| machine.nic.inject(faults));
    }

    /// The faults that it has now.
    pub fn faults(&self) -> Faults {
        self.run(|machine| *machine.nic.faults())
    }

    /// Hides that the function can be reset by itself, as some hosts do.
    pub fn hide_function_reset(&self) {
        self.offer_function_reset(false);
    }

    /// Whether the function offers the Function Level Reset.
    pub fn offer_function_reset(&self, offers: bool) {
        self.run(|machine| machine.hides_reset = !offers);
    }

    /// After so many more register accesses the device is unplugged.
    pub fn remove_after(&self, accesses: Option<u64>) {
        self.run(|machine| machine.removed_after = accesses);
    }

    /// After so many more register accesses registers read as all ones for so many nanoseconds, and take no write.
    pub fn blind_after(&self, after: Option<(u64, u64)>) {
        self.run(|machine| machine.blind_after = after);
    }

    /// Lets the device work until it has nothing left to do, for at most some thousand steps.
    pub fn settle(&self) {
        self.run(|machine| {
            for _ in 0..5_000 {
                if machine.step() == Progress::Idle {
                    break;
                }
            }
        });
    }

    /// Lets it work for `steps` steps.
    pub fn steps(&self, steps: u32) {
        self.run(|machine| {
            for _ in 0..steps {
                let _ = machine.step();
            }
        });
    }

    /// The cable's two ends.
    pub fn link<R>(&self, look: impl FnOnce(&mut Loop) -> R) -> R {
        self.run(|machine| look(&mut machine.link))
    }

    /// Lets `millis` virtual milliseconds pass.
    pub fn pass(&self, millis: u64) {
        self.run(|machine| {
            machine.now += millis * 1_000_000;
            let now = machine.now;
            machine.nic.advance(now);
        });
    }

    /// How often the device was sent to memory that was never translated for it: must stay 0.
    pub fn strays(&self) -> u64 {
        self.run(|machine| {
            let strays = machine.reached.strays.lock();
            *strays.unwrap_or_else(PoisonError::into_inner)
        })
    }

    /// Virtual nanoseconds since the model was made.
    pub fn now(&self) -> u64 {
        self.run(|machine| machine.now)
    }

    /// A microsecond passes, and the device does its work.
    pub fn tick(&self) {
        self.run(|machine| {
            machine.now += LOOK;
            let now = machine.now;
            machine.nic.advance(now);
        });
        self.settle();
    }

    /// What the device dropped that no register counts.
    pub fn drops(&self) -> Drops {
        self.run(|machine| machine.nic.drops())
    }

    /// What the driver has left out that the hardware asks for.
    pub fn omissions(&self) -> Omissions {
        self.run(|machine| machine.nic.omissions())
    }

    /// What went past the rings by FCoE contexts: must stay nothing.
    pub fn placements(&self) -> Placements {
        self.run(|machine| machine.nic.placements())
    }

    /// Leaves an FCoE context open, and an EtherType filter that leads frames of type 8906h to it, as
    /// firmware can that booted from FCoE: 16 buffers of 4 KiB whose addresses are in a list.
    pub fn leave_fcoe_context(&self, index: u32, list: u64) {
        self.leave_fcoe_contexts(index..index + 1, list);
        self.poke(offset::ETQF, bits::ETQF_ENABLE | bits::ETQF_FCOE | 0x8906);
    }

    /// The same of several contexts, without a filter.
    pub fn leave_fcoe_contexts(&self, contexts: Range<u32>, list: u64) {
        self.poke(offset::FCPTRL, list as u32);
        self.poke(offset::FCPTRH, (list >> 32) as u32);
        self.poke(offset::FCBUFF, 16 << 8 | bits::FCBUFF_VALID);
        self.poke(offset::FCFLT, bits::FCFLT_VALID);
        for index in contexts {
            self.poke(offset::FCDMARW, 64 << 16 | bits::FCDMARW_WRITE | index);
            self.poke(offset::FCFLTRW, bits::FCDMARW_WRITE | index);
        }
    }

    /// FCBUFF and FCFLT of an FCoE context; bit 0 of each says that it is valid.
    pub fn fcoe_context(&self, index: u32) -> [u32; 2] {
        self.poke(offset::FCDMARW, bits::FCDMARW_READ | index);
        self.poke(offset::FCFLTRW, bits::FCDMARW_READ | index);
        [self.register(offset::FCBUFF), self.register(offset::FCFLT)]
    }

    /// Reads a register behind the driver's back.
    pub fn register(&self, offset: u32) -> u32 {
        self.run(|machine| machine.nic.read(0, u64::from(offset), 4) as u32)
    }

    /// Writes a register behind the driver's back.
    pub fn poke(&self, offset: u32, value: u32) {
        self.run(|machine| machine.nic.write(0, u64::from(offset), 4, u64::from(value)));
    }

    /// How often the driver has written the register.
    pub fn writes(&self, offset: usize) -> u64 {
        self.run(|machine| machine.writes.get(&offset).copied().unwrap_or(0))
    }

    /// Two quadwords of what was translated for the device, a descriptor say; `None` elsewhere.
    pub fn descriptor(&self, bus: u64) -> Option<[u64; 2]> {
        let mut bytes = [[0; 8]; 2];
        self.run(|machine| {
            let read = machine.reached.memory.read(bus, bytes.as_flattened_mut());
            read.ok().map(|()| bytes.map(u64::from_le_bytes))
        })
    }

    /// Messages sent so far.
    pub fn messages(&self) -> u64 {
        self.run(|machine| machine.messages)
    }

    /// What an entry of the MSI-X table says: address, data, vector control.
    pub fn message_entry(&self, vector: u16) -> (u64, u32, u32) {
        self.run(|machine| {
            let mut word = |at| machine.nic.read(MSIX_BAR, u64::from(vector) * 16 + at, 4);
            (word(4) << 32 | word(0), word(8) as u32, word(12) as u32)
        })
    }

    /// Makes the function bus master or not, behind the driver's back.
    pub fn master(&self, may: bool) {
        let command = [if may { BUS_MASTER } else { 0 }, 0];
        self.run(|machine| machine.nic.config_write(COMMAND, &command));
    }

    /// Whether the function may be bus master.
    pub fn is_bus_master(&self) -> bool {
        let mut command = [0; 1];
        self.run(|machine| machine.nic.config_read(COMMAND, &mut command));
        // One that was unplugged reads as all ones.
        command[0] & BUS_MASTER != 0 && command[0] != 0xFF
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the machine on behalf of the host: what it allocates is not the calling domain's.
    fn run<R>(&self, step: impl FnOnce(&mut Machine) -> R) -> R {
        // SAFETY: the model is host code, and so are its tests.
        unsafe { as_host_uncharged(|| step(&mut self.lock())).0 }
    }
}

/// Where the function is, on each of the buses.
const ADDRESS: PciAddress = PciAddress {
    segment: 0,
    bus: 0,
    device: 5,
    function: 0,
};

// SAFETY: reaches the model's configuration space only, at once.
unsafe impl ConfigSpace for IxgbeBus {
    fn read(&self, _: PciAddress, offset: u16) -> u32 {
        let mut bytes = [0; 4];
        let hides_reset = self.run(|machine| {
            machine.nic.config_read(usize::from(offset), &mut bytes);
            machine.hides_reset
        });
        let value = u32::from_le_bytes(bytes);
        match usize::from(offset) {
            DEVICE_CAPABILITIES if hides_reset => value & !FUNCTION_RESET,
            _ => value,
        }
    }

    unsafe fn write(&self, _: PciAddress, offset: u16, value: u32) {
        self.run(|machine| {
            let mut command = [0; 1];
            machine.nic.config_read(COMMAND, &mut command);
            // One that was unplugged reads as all ones.
            if command[0] & BUS_MASTER != 0 && command[0] != 0xFF {
                machine.reached.memory.is_master();
            }
            let bytes = value.to_le_bytes();
            machine.nic.config_write(usize::from(offset), &bytes);
        });
    }
}

/// The model's registers as a bus; the lifetime of the model is the process's.
struct Registers(&'static IxgbeBus, u8);

// SAFETY: the model runs as the host.
unsafe impl MmioBus for Registers {
    fn read(&self, offset: usize, _: Width) -> u32 {
        self.0
            .run(|machine| match machine.is_blind() || !machine.decodes() {
                true => u32::MAX,
                false => machine.nic.read(self.1, offset as u64, 4) as u32,
            })
    }

    fn write(&self, offset: usize, _: Width, value: u32) {
        self.0.run(|machine| {
            if machine.is_blind() || !machine.decodes() {
                return;
            }
            if self.1 == 0 {
                *machine.writes.entry(offset).or_default() += 1;
            }
            machine
                .nic
                .write(self.1, offset as u64, 4, u64::from(value))
        });
    }
}

/// BAR 0 is the registers, BAR 4 the MSI-X table.
struct Bars([&'static Registers; 2]);

// SAFETY: returns an emulated bus, never a raw mapping.
unsafe impl MapBar for Bars {
    fn map(&self, _: PciAddress, bar: u8, length: usize) -> Result<Backing, MapBarError> {
        let [registers, table] = self.0;
        match bar {
            0 if length <= BAR_LENGTH => Ok(Backing::Bus(registers)),
            MSIX_BAR if length <= MSIX_LENGTH => Ok(Backing::Bus(table)),
            0 | MSIX_BAR => Err(MapBarError::TooShort),
            _ => Err(MapBarError::Absent),
        }
    }

    unsafe fn unmap(&self, _: PciAddress, _: u8, _: Backing) {
        taken_back();
    }
}

// SAFETY: a bus address is the memory address plus a constant, and `Memory` takes the constant off again.
unsafe impl DmaTranslate for IxgbeBus {
    fn bus_address(&self, start: *const u8, length: usize) -> Option<u64> {
        self.run(|machine| machine.reached.memory.grant(start, length))
    }
}

// SAFETY: the model runs as the host.
unsafe impl Clock for IxgbeBus {
    fn now(&self) -> u64 {
        self.run(|machine| {
            machine.now += LOOK;
            machine.now
        })
    }

    fn relax(&self) {
        self.run(|machine| {
            for _ in 0..machine.pause {
                machine.now += PAUSE;
                let now = machine.now;
                machine.nic.advance(now);
                let _ = machine.step();
            }
        });
        std::thread::yield_now();
    }
}

/// A broadcast FCoE frame with `data` of an exchange, from its responder, the first of a sequence: what an open
/// context takes.
pub fn fcoe_frame(exchange: u16, data: &[u8]) -> Vec<u8> {
    let mut frame = std::vec![0xFF; 6];
    frame.extend([2, 0, 0, 0, 0, 9, 0x89, 0x06]);
    // Version 0, SOFi3; solicited data; the exchange context is the responder's.
    frame.extend([0; 13]);
    frame.extend([0x2E, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0]);
    frame.extend([0; 4]);
    frame.extend(exchange.to_be_bytes());
    frame.extend([0xFF, 0xFF, 0, 0, 0, 0]);
    frame.extend(data);
    // FC CRC, EOF, reserved.
    frame.extend([0; 8]);
    frame
}

/// A broadcast frame of `length` bytes, its contents told by `seed`.
pub fn frame(length: usize, seed: u8) -> Vec<u8> {
    let mut frame = std::vec![0xFF; 6];
    frame.extend([2, 0, 0, 0, 0, seed, 0x88, 0xB5]);
    frame.extend((14..length).map(|i| (i as u8).wrapping_mul(seed)));
    frame
}
