//! A device that does next to nothing: its registers are plain memory, and it writes descriptors back only when the
//! benchmark asks for it.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::boxed::Box;

use samara_device_io::host::{
    Backing, Clock, ConfigSpace, DmaTranslate, Host, MapBar, MapBarError, NoMessages, PciAddress,
};
use samara_device_io::{DeviceSlot, PciSlot};
use samara_device_tables::Ixgbe;

use super::{ADDRESS, BAR_LENGTH};

/// Registers of queue 0: base addresses and tails.
const RDBAL: usize = 0x1000;
const RDT: usize = 0x1018;
const TDBAL: usize = 0x6000;
const TDT: usize = 0x6018;
/// CTRL, and its bits that start a reset.
const CTRL: usize = 0x0000;
const RESETS: u32 = 1 << 3 | 1 << 26;
/// RXDCTL and TXDCTL of queue 0.
const ENABLES: [usize; 2] = [0x1028, 0x6028];
/// The values that a driver expects while it brings the device up: EEC, RDRXCTL, LINKS, RAL and RAH.
const READY: [(usize, u32); 5] = [
    (0x1_0010, 1 << 9),
    (0x2F00, 1 << 3),
    (0x42A4, 1 << 30 | 3 << 28),
    (0xA200, 0x0000_5902),
    (0xA204, 1 << 31),
];
/// DD and EOP of a receive descriptor.
const RECEIVED: u64 = 0b11;
/// DD of a transmit descriptor.
const SENT: u64 = 1 << 32;

#[repr(align(4096))]
struct Words([u32; BAR_LENGTH / 4]);

/// An 82599 with one queue pair. It has only the behaviour that a driver can see while nothing goes wrong. Bus
/// addresses are memory addresses.
pub struct NullNic {
    registers: NonNull<u32>,
    command: AtomicU64,
    now: AtomicU64,
    rx_head: AtomicUsize,
}

// SAFETY: the registers are leaked memory, accessed with volatile operations.
unsafe impl Sync for NullNic {}

impl NullNic {
    /// Makes a device that lives as long as the process.
    pub fn leak() -> &'static Self {
        let mut words = Box::new(Words([0; BAR_LENGTH / 4]));
        for (offset, value) in READY {
            words.0[offset / 4] = value;
        }
        let words: &'static mut Words = Box::leak(words);
        Box::leak(Box::new(Self {
            registers: NonNull::from(words).cast(),
            command: AtomicU64::new(0),
            now: AtomicU64::new(0),
            rx_head: AtomicUsize::new(0),
        }))
    }

    /// Returns the slot from which a driver claims the device. Call this only once for each device.
    pub fn slot(&'static self) -> DeviceSlot<Ixgbe> {
        let host = Host {
            config: self,
            bars: self,
            dma: self,
            clock: self,
            messages: &NoMessages,
        };
        // SAFETY: each device is on a bus of its own, and callers ask for its slot only once. So nothing else drives
        // the device.
        let slot = Box::leak(Box::new(unsafe { PciSlot::new(host, ADDRESS) }));
        // SAFETY: the queues of the device behave like those of an 82599.
        unsafe { slot.with_table() }
    }

    fn register(&self, offset: usize) -> u32 {
        // SAFETY: all offsets here are inside the BAR.
        let at = unsafe { self.registers.add(offset / 4) };
        // SAFETY: inside the leaked memory, aligned.
        unsafe { at.read_volatile() }
    }

    fn set_register(&self, offset: usize, value: u32) {
        // SAFETY: all offsets here are inside the BAR.
        let at = unsafe { self.registers.add(offset / 4) };
        // SAFETY: inside the leaked memory, aligned.
        unsafe { at.write_volatile(value) };
    }

    fn reset(&self) {
        for register in [ENABLES[0], ENABLES[1], CTRL] {
            self.set_register(register, 0);
        }
        self.rx_head.store(0, Ordering::Relaxed);
    }

    fn base(&self, offset: usize) -> *mut [u64; 2] {
        let base = u64::from(self.register(offset + 4)) << 32 | u64::from(self.register(offset));
        core::ptr::with_exposed_provenance_mut(base as usize)
    }

    /// Reports that all packets up to the tail were sent. Writes back only the last descriptor.
    #[inline]
    pub fn send_all(&self) {
        let entries = self.register(TDBAL + 8) as usize / 16;
        let last = (self.register(TDT) as usize).wrapping_sub(1) & (entries - 1);
        let ring = self.base(TDBAL);
        // SAFETY: the driver's ring has `entries` entries, and `last` is below that.
        let at = unsafe { ring.add(last) }.cast::<u64>();
        // SAFETY: the second quadword of that descriptor.
        let second = unsafe { at.add(1) };
        // SAFETY: the ring is memory of the claim, and stays allocated as long as the driver lives.
        unsafe { second.write_volatile(SENT) };
    }

    /// Makes the next [`receive`](Self::receive) begin `count` buffers earlier. These are buffers that the last call
    /// filled and that the driver has not seen.
    #[inline]
    pub fn rewind(&self, count: usize) {
        let entries = self.register(RDBAL + 8) as usize / 16;
        let head = self.rx_head.load(Ordering::Relaxed);
        self.rx_head
            .store(head.wrapping_sub(count) & (entries - 1), Ordering::Relaxed);
    }

    /// Reports that `count` frames of `length` bytes were received, or fewer if there are fewer buffers.
    #[inline]
    pub fn receive(&self, count: usize, length: u16) {
        let entries = self.register(RDBAL + 8) as usize / 16;
        let ring = self.base(RDBAL);
        let tail = self.register(RDT) as usize;
        let mut head = self.rx_head.load(Ordering::Relaxed);
        for _ in 0..count {
            if head == tail {
                break;
            }
            // SAFETY: the driver's ring has `entries` entries, and `head` is below that.
            let at = unsafe { ring.add(head) }.cast::<u64>();
            // SAFETY: the second quadword of that descriptor.
            let second = unsafe { at.add(1) };
            // SAFETY: the ring is memory of the claim, and stays allocated as long as the driver lives.
            unsafe { second.write_volatile(RECEIVED | u64::from(length) << 32) };
            head = (head + 1) & (entries - 1);
        }
        self.rx_head.store(head, Ordering::Relaxed);
    }
}

// SAFETY: the methods access nothing but the device's own registers.
unsafe impl ConfigSpace for NullNic {
    fn read(&self, _: PciAddress, offset: u16) -> u32 {
        match offset {
            0x00 => 0x10FB_8086,
            0x04 => self.command.load(Ordering::Relaxed) as u32,
            0x08 => 0x0200_0001,
            _ => 0,
        }
    }

    unsafe fn write(&self, _: PciAddress, offset: u16, value: u32) {
        if offset == 0x04 {
            self.command.store(value.into(), Ordering::Relaxed);
        }
    }
}

// SAFETY: the mapping is leaked memory of the BAR's length.
unsafe impl MapBar for NullNic {
    fn map(&self, _: PciAddress, _: u8, length: usize) -> Result<Backing, MapBarError> {
        if length > BAR_LENGTH {
            return Err(MapBarError::TooShort);
        }
        // A new claim must find the device in its state after a reset.
        self.rx_head.store(0, Ordering::Relaxed);
        Ok(Backing::Raw(self.registers.cast()))
    }

    unsafe fn unmap(&self, _: PciAddress, _: u8, _: Backing) {
        self.reset();
    }
}

// SAFETY: the device is code of this process, and uses its memory addresses as bus addresses.
unsafe impl DmaTranslate for NullNic {
    fn linear(&self) -> Option<u64> {
        Some(0)
    }

    fn bus_address(&self, start: *const u8, _: usize) -> Option<u64> {
        Some(start.expose_provenance() as u64)
    }
}

// SAFETY: the methods allocate nothing.
unsafe impl Clock for NullNic {
    fn now(&self) -> u64 {
        self.now.fetch_add(1_000, Ordering::Relaxed)
    }

    fn relax(&self) {
        self.now.fetch_add(250_000, Ordering::Relaxed);
        if self.register(CTRL) & RESETS != 0 {
            self.reset();
        }
    }
}

/// Reads the processor's time stamp counter.
#[cfg(target_arch = "x86_64")]
#[inline]
pub fn cycles() -> u64 {
    // SAFETY: every x86_64 processor has the instruction.
    unsafe { core::arch::x86_64::_rdtsc() }
}
