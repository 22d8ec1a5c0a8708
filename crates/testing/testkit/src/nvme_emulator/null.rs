//! A controller that does next to nothing: its registers are plain memory, and it completes commands only when asked.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};
use std::boxed::Box;
use std::sync::{Mutex, PoisonError};

use samara_device_io::host::{
    Backing, Clock, ConfigSpace, DmaTranslate, Host, MapBar, MapBarError, NoMessages, PciAddress,
};
use samara_device_io::{DeviceSlot, PciSlot};
use samara_device_tables::Nvme;

const BAR_LENGTH: usize = 0x2000;
const CC: usize = 0x14;
const CSTS: usize = 0x1C;
const AQA: usize = 0x24;
const ASQ: usize = 0x28;
const ACQ: usize = 0x30;
const DOORBELLS: usize = 0x1000;
/// CAP: queues of up to 1024 entries, a time-out of 500 ms, the NVM command set.
const CAP: u64 = 1 << 37 | 1 << 24 | 1023;

#[repr(align(4096))]
struct Words([u32; BAR_LENGTH / 4]);

/// The controller's side of a submission queue and its completion queue.
#[derive(Clone, Copy, Default)]
struct Queues {
    submissions: u64,
    completions: u64,
    entries: u32,
    head: u32,
    at: u32,
    phase: u32,
}

/// An NVMe controller with one namespace of 512-byte blocks. It has only the behaviour that a driver can see while
/// nothing goes wrong. It transfers no data. Bus addresses are memory addresses.
pub struct NullDisk {
    registers: NonNull<u32>,
    command: AtomicU64,
    now: AtomicU64,
    queues: Mutex<[Queues; 2]>,
}

// SAFETY: the registers are leaked memory, accessed with volatile operations.
unsafe impl Sync for NullDisk {}

impl NullDisk {
    /// Makes a controller that lives as long as the process.
    pub fn leak() -> &'static Self {
        let mut words = Box::new(Words([0; BAR_LENGTH / 4]));
        words.0[0] = CAP as u32;
        words.0[1] = (CAP >> 32) as u32;
        words.0[2] = 0x0001_0400;
        let words: &'static mut Words = Box::leak(words);
        Box::leak(Box::new(Self {
            registers: NonNull::from(words).cast(),
            command: AtomicU64::new(0),
            now: AtomicU64::new(0),
            queues: Mutex::default(),
        }))
    }

    /// Returns the slot from which a driver claims the controller. Call this only once for each controller.
    pub fn slot(&'static self) -> DeviceSlot<Nvme> {
        let host = Host {
            config: self,
            bars: self,
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
        // SAFETY: each controller is on a bus of its own, and callers ask for its slot only once. So nothing else
        // drives the device.
        let slot = Box::leak(Box::new(unsafe { PciSlot::new(host, address) }));
        // SAFETY: the queues of the device behave like those of an NVMe controller.
        unsafe { slot.with_table() }
    }

    fn at(&self, offset: usize) -> *mut u32 {
        // SAFETY: all offsets here are inside the BAR.
        unsafe { self.registers.add(offset / 4) }.as_ptr()
    }

    fn register(&self, offset: usize) -> u32 {
        // SAFETY: inside the leaked memory, aligned.
        unsafe { self.at(offset).read_volatile() }
    }

    fn set_register(&self, offset: usize, value: u32) {
        // SAFETY: inside the leaked memory, aligned.
        unsafe { self.at(offset).write_volatile(value) };
    }

    fn wide(&self, offset: usize) -> u64 {
        u64::from(self.register(offset + 4)) << 32 | u64::from(self.register(offset))
    }

    /// Completes all commands up to the tails that the driver has rung in. Returns the number of I/O commands among
    /// them.
    #[inline]
    pub fn serve(&self) -> u32 {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let mut done = 0;
        let [admin, io] = &mut *queues;
        if io.entries != 0 {
            done = self.complete(io, 1, |_| {});
        }
        if admin.head != self.register(DOORBELLS) {
            self.complete(admin, 0, |words| administer(words, io));
        }
        done
    }

    /// Makes the next [`serve`](Self::serve) complete `count` more I/O commands without a driver. These are commands
    /// that earlier use has left in the submission queue.
    pub fn repeat(&self, count: u32) {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let tail = (queues[1].head + count) % queues[1].entries;
        self.set_register(DOORBELLS + 8, tail);
    }

    #[inline]
    fn complete(
        &self,
        queues: &mut Queues,
        number: u32,
        mut execute: impl FnMut(&[u32; 16]),
    ) -> u32 {
        let tail = self.register(DOORBELLS + 8 * number as usize);
        let mut done = 0;
        while queues.head != tail {
            let entry = (queues.submissions + u64::from(queues.head) * 64) as usize;
            let entry = core::ptr::with_exposed_provenance::<[u32; 16]>(entry);
            // SAFETY: the queue is memory of the claim with that many entries, and stays allocated as long as the
            // driver lives.
            let words = unsafe { &*entry };
            execute(words);
            queues.head += 1;
            if queues.head == queues.entries {
                queues.head = 0;
            }
            let completion = (queues.completions + u64::from(queues.at) * 16) as usize;
            let completion = core::ptr::with_exposed_provenance_mut::<[u64; 2]>(completion);
            let last = u64::from(words[0] >> 16 | queues.phase << 16) << 32;
            let value = [0, last | u64::from(number << 16 | queues.head)];
            // SAFETY: as for the submission queue.
            unsafe { completion.write_volatile(value) };
            queues.at += 1;
            if queues.at == queues.entries {
                queues.at = 0;
                queues.phase ^= 1;
            }
            done += 1;
        }
        done
    }

    /// Makes CSTS.RDY follow CC.EN. When CC.EN changes, the controller starts again with empty queues.
    fn follow(&self) {
        let (enabled, ready) = (self.register(CC) & 1, self.register(CSTS) & 1);
        if enabled == ready {
            return;
        }
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        *queues = [Queues::default(); 2];
        queues[0] = Queues {
            submissions: self.wide(ASQ),
            completions: self.wide(ACQ),
            entries: (self.register(AQA) & 0xFFF) + 1,
            phase: 1,
            ..Queues::default()
        };
        self.set_register(DOORBELLS, 0);
        self.set_register(DOORBELLS + 8, 0);
        self.set_register(CSTS, enabled);
    }
}

/// Executes an admin command: Identify, or one of the two that create the I/O queues. Others do nothing.
fn administer(words: &[u32; 16], io: &mut Queues) {
    let pointer = u64::from(words[7]) << 32 | u64::from(words[6]);
    match words[0] as u8 {
        0x06 => {
            let page = core::ptr::with_exposed_provenance_mut::<u32>(pointer as usize);
            let values: &[(usize, u32)] = match words[10] as u8 {
                // 2^20 blocks; format 0 has blocks of 512 bytes.
                0x00 => &[(0, 1 << 20), (128 / 4, 9 << 16)],
                0x01 => &[(516 / 4, 1)],
                0x02 => &[(0, 1)],
                _ => &[],
            };
            for &(word, value) in values {
                // SAFETY: the word is inside the page that the driver's command names.
                let at = unsafe { page.add(word) };
                // SAFETY: the page is memory of the claim, and `at` is inside it.
                unsafe { at.write_volatile(value) };
            }
        }
        0x05 => {
            io.completions = pointer;
            (io.at, io.phase) = (0, 1);
        }
        0x01 => {
            io.submissions = pointer;
            (io.entries, io.head) = ((words[10] >> 16) + 1, 0);
        }
        _ => {}
    }
}

// SAFETY: the methods access nothing but the device's own registers.
unsafe impl ConfigSpace for NullDisk {
    fn read(&self, _: PciAddress, offset: u16) -> u32 {
        match offset {
            0x00 => 0x0010_1B36,
            0x04 => self.command.load(Ordering::Relaxed) as u32,
            0x08 => 0x0108_0201,
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
unsafe impl MapBar for NullDisk {
    fn map(&self, _: PciAddress, bar: u8, length: usize) -> Result<Backing, MapBarError> {
        match bar {
            0 if length <= BAR_LENGTH => Ok(Backing::Raw(self.registers.cast())),
            0 => Err(MapBarError::TooShort),
            _ => Err(MapBarError::Absent),
        }
    }

    unsafe fn unmap(&self, _: PciAddress, _: u8, _: Backing) {
        self.set_register(CC, 0);
        self.set_register(CSTS, 0);
    }
}

// SAFETY: the device is code of this process, and uses its memory addresses as bus addresses.
unsafe impl DmaTranslate for NullDisk {
    fn linear(&self) -> Option<u64> {
        Some(0)
    }

    fn bus_address(&self, start: *const u8, _: usize) -> Option<u64> {
        Some(start.expose_provenance() as u64)
    }
}

// SAFETY: the methods allocate nothing.
unsafe impl Clock for NullDisk {
    fn now(&self) -> u64 {
        self.now.fetch_add(1_000, Ordering::Relaxed)
    }

    fn relax(&self) {
        self.now.fetch_add(250_000, Ordering::Relaxed);
        self.follow();
        self.serve();
    }
}
