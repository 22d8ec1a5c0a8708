//! An 82599 in the process, which drivers can claim: the model on a PCI bus of its own. There is also a [`NullNic`].
//! It does next to nothing, so that benchmarks measure the driver.
//!
//! Bus addresses differ from memory addresses, and the device can reach only memory that was translated for it. Time is
//! virtual: it passes when the driver reads the clock or waits. The device works when the driver waits, or when a test
//! makes it work.
#![expect(unsafe_code, reason = "plays the part of a PCI host")]

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
/// Bytes of the BAR with the MSI-X table.
const MSIX_LENGTH: usize = MSIX_BAR_SIZE as usize;
/// The number of vectors that a step can raise.
const VECTORS: u64 = 64;
/// PCI command register, bit 2: bus master.
const COMMAND: usize = 0x04;
const BUS_MASTER: u8 = 1 << 2;
/// PCI Express device capabilities, bit 28: Function Level Reset.
const DEVICE_CAPABILITIES: usize = PCIE_CAPABILITY + 4;
const FUNCTION_RESET: u32 = 1 << 28;

/// The memory that the device can reach, and the number of its accesses to other memory.
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

/// The state that the lock protects.
struct Machine {
    nic: Nic,
    reached: Reached,
    link: Loop,
    /// The number of interrupt messages sent so far.
    messages: u64,
    /// How often the driver has written each register.
    writes: BTreeMap<usize, u64>,
    /// Polling intervals in one pause of the driver.
    pause: u64,
    now: u64,
    /// Whether configuration space hides that the function has a Function Level Reset.
    hides_reset: bool,
    /// The number of register accesses until the device is unplugged.
    removed_after: Option<u64>,
    /// The number of register accesses until the registers become blind, and the nanoseconds for which they stay so.
    blind_after: Option<(u64, u64)>,
    /// The time until which the registers are blind: they read as all ones and take no writes.
    blind_until: u64,
}

/// The vectors that one step raises, as a bit mask.
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

    /// Puts `nic` in the place of the device, and empties the cable.
    fn replug(&mut self, nic: Nic) {
        self.nic = nic;
        self.nic.advance(self.now);
        self.link.inbound.clear();
        self.link.outbound.clear();
    }

    /// Counts one more register access. Returns whether the registers are blind.
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

/// Makes a card in its power-on state, except that the host has programmed base address registers 0 and 4. The
/// addresses do not matter, because nothing uses them.
fn programmed() -> Nic {
    let mut nic = Nic::new(Options::default());
    for (bar, at) in [(0x10, 0xFE00_0000u32), (0x20, 0xFE10_0000)] {
        nic.config_write(bar, &at.to_le_bytes());
    }
    nic
}

/// The model, and the bus to which it is attached.
pub struct IxgbeBus(Mutex<Machine>);

impl IxgbeBus {
    /// Makes a model with a cable. It lives as long as the process, as a device does.
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

    /// Returns the slot from which a driver claims the device. Call this only once for each model.
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
        // SAFETY: each model is on a bus of its own, and callers ask for its slot only once. So nothing else drives the
        // device.
        let slot = Box::leak(Box::new(unsafe { PciSlot::new(host, ADDRESS) }));
        // SAFETY: the model behaves as an 82599, which is the device that the table describes.
        unsafe { slot.with_table() }
    }

    /// Unplugs the device and its cable, and plugs in a device in its power-on state with an empty cable. The host
    /// programs its base addresses.
    pub fn replug(&self) {
        self.run(|machine| machine.replug(programmed()));
    }

    /// Does the same as [`replug`](Self::replug), but the host has not noticed the new device yet. So no base
    /// addresses are programmed.
    pub fn replug_unnoticed(&self) {
        self.run(|machine| machine.replug(Nic::new(Options::default())));
    }

    /// Lets `oracle` decide from now on which memory the device can reach.
    pub fn watch(&self, oracle: &'static dyn Oracle) {
        self.run(|machine| machine.reached.memory.watch(oracle));
    }

    /// Makes each pause of the driver last `intervals` polling intervals. The device works in each of these
    /// intervals. This is for tests in which time-outs come often.
    pub fn set_pause(&self, intervals: u64) {
        self.run(|machine| machine.pause = intervals);
    }

    /// Replaces the faults of the device from now on.
    pub fn inject(&self, faults: Faults) {
        self.run(|machine| machine.nic.inject(faults));
    }

    /// Returns the present faults of the device.
    pub fn faults(&self) -> Faults {
        self.run(|machine| *machine.nic.faults())
    }

    /// Hides that the function has a Function Level Reset, as some hosts do.
    pub fn hide_function_reset(&self) {
        self.offer_function_reset(false);
    }

    /// Makes the function offer a Function Level Reset, or hide it.
    pub fn offer_function_reset(&self, offers: bool) {
        self.run(|machine| machine.hides_reset = !offers);
    }

    /// Unplugs the device after `accesses` more register accesses. With `None` it stays.
    pub fn remove_after(&self, accesses: Option<u64>) {
        self.run(|machine| machine.removed_after = accesses);
    }

    /// Makes the registers blind, so that they read as all ones and take no writes. The first number is the number of
    /// register accesses before that, the second is the length of that time in nanoseconds.
    pub fn blind_after(&self, after: Option<(u64, u64)>) {
        self.run(|machine| machine.blind_after = after);
    }

    /// Lets the device work until it has nothing left to do, for at most 5000 steps.
    pub fn settle(&self) {
        self.run(|machine| {
            for _ in 0..5_000 {
                if machine.step() == Progress::Idle {
                    break;
                }
            }
        });
    }

    /// Lets the device work for `steps` steps.
    pub fn steps(&self, steps: u32) {
        self.run(|machine| {
            for _ in 0..steps {
                let _ = machine.step();
            }
        });
    }

    /// Gives access to both ends of the cable.
    pub fn link<R>(&self, look: impl FnOnce(&mut Loop) -> R) -> R {
        self.run(|machine| look(&mut machine.link))
    }

    /// Lets `millis` virtual milliseconds pass, in which the device does not work.
    pub fn pass(&self, millis: u64) {
        self.run(|machine| {
            machine.now += millis * 1_000_000;
            let now = machine.now;
            machine.nic.advance(now);
        });
    }

    /// Returns how often the device tried to access memory that it cannot reach. This must stay 0.
    pub fn strays(&self) -> u64 {
        self.run(|machine| {
            let strays = machine.reached.strays.lock();
            *strays.unwrap_or_else(PoisonError::into_inner)
        })
    }

    /// Returns the virtual nanoseconds since the model was made. Does not let time pass.
    pub fn now(&self) -> u64 {
        self.run(|machine| machine.now)
    }

    /// Lets a virtual microsecond pass, and then lets the device work until it has nothing left to do.
    pub fn tick(&self) {
        self.run(|machine| {
            machine.now += LOOK;
            let now = machine.now;
            machine.nic.advance(now);
        });
        self.settle();
    }

    /// Returns the counts of drops that no register counts.
    pub fn drops(&self) -> Drops {
        self.run(|machine| machine.nic.drops())
    }

    /// Returns the number of times that the driver has omitted a step that the hardware requires.
    pub fn omissions(&self) -> Omissions {
        self.run(|machine| machine.nic.omissions())
    }

    /// Returns the counts of data that the device has placed by FCoE contexts, past the rings. This must stay zero.
    pub fn placements(&self) -> Placements {
        self.run(|machine| machine.nic.placements())
    }

    /// Leaves an FCoE context open, with an EtherType filter that directs frames of type 8906h to it. Firmware that has
    /// booted from FCoE can leave the device in this state. The context has 16 buffers of 4 KiB. Their addresses are in
    /// the list at `list`.
    pub fn leave_fcoe_context(&self, index: u32, list: u64) {
        self.leave_fcoe_contexts(index..index + 1, list);
        self.poke(offset::ETQF, bits::ETQF_ENABLE | bits::ETQF_FCOE | 0x8906);
    }

    /// Leaves several such contexts open, without an EtherType filter.
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

    /// Returns FCBUFF and FCFLT of an FCoE context. Bit 0 of each says that it is valid.
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

    /// Returns how often the driver has written the register.
    pub fn writes(&self, offset: usize) -> u64 {
        self.run(|machine| machine.writes.get(&offset).copied().unwrap_or(0))
    }

    /// Reads two quadwords, for example a descriptor, at a bus address. `None` if the device cannot reach them.
    pub fn descriptor(&self, bus: u64) -> Option<[u64; 2]> {
        let mut bytes = [[0; 8]; 2];
        self.run(|machine| {
            let read = machine.reached.memory.read(bus, bytes.as_flattened_mut());
            read.ok().map(|()| bytes.map(u64::from_le_bytes))
        })
    }

    /// Returns the number of interrupt messages that the device has sent so far.
    pub fn messages(&self) -> u64 {
        self.run(|machine| machine.messages)
    }

    /// Returns an entry of the MSI-X table: address, data and vector control.
    pub fn message_entry(&self, vector: u16) -> (u64, u32, u32) {
        self.run(|machine| {
            let mut word = |at| machine.nic.read(MSIX_BAR, u64::from(vector) * 16 + at, 4);
            (word(4) << 32 | word(0), word(8) as u32, word(12) as u32)
        })
    }

    /// Turns bus mastering on or off behind the driver's back.
    pub fn master(&self, may: bool) {
        self.run(|machine| {
            let mut command = [0; 2];
            machine.nic.config_read(COMMAND, &mut command);
            command[0] = command[0] & !BUS_MASTER | if may { BUS_MASTER } else { 0 };
            machine.nic.config_write(COMMAND, &command);
        });
    }

    /// Whether the function may be bus master.
    pub fn is_bus_master(&self) -> bool {
        let mut command = [0; 1];
        self.run(|machine| machine.nic.config_read(COMMAND, &mut command));
        // The configuration space of an unplugged function reads as all ones.
        command[0] & BUS_MASTER != 0 && command[0] != 0xFF
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the machine on behalf of the host, so that memory that it allocates does not belong to the calling domain.
    fn run<R>(&self, step: impl FnOnce(&mut Machine) -> R) -> R {
        // SAFETY: the model is code of the host, and so are the tests that pass `step`.
        unsafe { as_host_uncharged(|| step(&mut self.lock())).0 }
    }
}

/// The address of the function. It is the same on each model's bus.
const ADDRESS: PciAddress = PciAddress {
    segment: 0,
    bus: 0,
    device: 5,
    function: 0,
};

// SAFETY: the methods access only the model's configuration space, and return at once.
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
            // The configuration space of an unplugged function reads as all ones.
            if command[0] & BUS_MASTER != 0 && command[0] != 0xFF {
                machine.reached.memory.is_master();
            }
            let bytes = value.to_le_bytes();
            machine.nic.config_write(usize::from(offset), &bytes);
        });
    }
}

/// The registers in one BAR of the model, as a bus. The model lives as long as the process.
struct Registers(&'static IxgbeBus, u8);

// SAFETY: the model runs on behalf of the host, also when it allocates.
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

/// The function's BARs: BAR 0 has the registers, BAR 4 the MSI-X table.
struct Bars([&'static Registers; 2]);

// SAFETY: `map` returns an emulated bus, never a raw mapping.
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

// SAFETY: a bus address is the memory address plus a constant, which `Memory` subtracts again.
unsafe impl DmaTranslate for IxgbeBus {
    fn bus_address(&self, start: *const u8, length: usize) -> Option<u64> {
        self.run(|machine| machine.reached.memory.grant(start, length))
    }
}

// SAFETY: the model runs on behalf of the host, also when it allocates.
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

/// Returns a broadcast FCoE frame that an open context accepts: the first frame of a sequence, from the responder of
/// `exchange`, with `data`.
pub fn fcoe_frame(exchange: u16, data: &[u8]) -> Vec<u8> {
    let mut frame = std::vec![0xFF; 6];
    frame.extend([2, 0, 0, 0, 0, 9, 0x89, 0x06]);
    // The header has version 0, SOFi3 and solicited data. The frame comes from the responder of the exchange.
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

/// Returns a broadcast frame of `length` bytes with contents that depend on `seed`.
pub fn frame(length: usize, seed: u8) -> Vec<u8> {
    let mut frame = std::vec![0xFF; 6];
    frame.extend([2, 0, 0, 0, 0, seed, 0x88, 0xB5]);
    frame.extend((14..length).map(|i| (i as u8).wrapping_mul(seed)));
    frame
}
