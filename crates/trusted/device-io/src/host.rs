//! What a kernel supplies so that drivers can run: the only file a port has to read.
//!
//! Six small traits, one for each thing that only the kernel can do, and one for models of devices. Every
//! method may be called from a domain's thread and, during a reclaim, from the thread that reclaims: none
//! may block without a bound, allocate from the current domain's heap, or call into a domain. What a method
//! keeps of a domain's heap is gone with the domain, so that to implement any of them is `unsafe`. A panic of
//! one is the caller's; where a claim ends it ends there.
//!
//! ```compile_fail,E0200
//! use samara_device_io::host::Clock;
//! # use std::sync::Mutex;
//!
//! // On a driver's thread it would grow in the driver's heap.
//! struct Noted(Mutex<Vec<u64>>);
//! impl Clock for Noted {
//!     fn now(&self) -> u64 {
//!         self.0.lock().unwrap().push(1);
//!         1
//!     }
//!     fn relax(&self) {}
//! }
//! ```
//!
//! ```compile_fail,E0200
//! use samara_device_io::host::Event;
//! # use std::time::Duration;
//!
//! struct Never;
//! impl Event for Never {
//!     fn count(&self) -> u32 { 0 }
//!     fn wait(&self, _: u32, _: Duration) -> u32 { 0 }
//! }
//! ```
//!
//! ```compile_fail,E0200
//! use samara_device_io::host::MmioBus;
//!
//! struct Registers;
//! # use samara_device_io::table::Width;
//! impl MmioBus for Registers {
//!     fn read(&self, _: usize, _: Width) -> u32 { 0 }
//!     fn write(&self, _: usize, _: Width, _: u32) {}
//! }
//! ```
//!
//! Nor does anybody make a function bus master, or end a mapping, beside its claim:
//!
//! ```compile_fail,E0133
//! use samara_device_io::host::{Host, PciAddress};
//!
//! fn start(host: &Host, function: PciAddress) {
//!     host.config.write(function, 0x04, 1 << 2);
//! }
//! ```
//!
//! ```compile_fail,E0133
//! use samara_device_io::host::{Backing, Host, PciAddress};
//!
//! fn end(host: &Host, function: PciAddress, registers: Backing) {
//!     host.bars.unmap(function, 0, registers);
//! }
//! ```

use core::fmt;
use core::ptr::NonNull;
use core::time::Duration;

use crate::table::Width;

/// Runs code of the host's for one who may not panic: a capability's destructor, or its quiesce. A panic ends
/// here; `None` then. `f` takes no lock and no mark of this crate's: not every backend runs destructors.
pub(crate) fn contained<R>(f: impl FnOnce() -> R) -> Option<R> {
    samara_unwind::catch(f)
        .map_err(samara_unwind::Payload::dispose)
        .ok()
}

/// Where a PCI function stands in the hierarchy (PCI Express Base 5.0 §7.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PciAddress {
    /// Segment group number; 0 on machines with one ECAM window.
    pub segment: u16,
    /// Bus number.
    pub bus: u8,
    /// Device number, 0 to 31.
    pub device: u8,
    /// Function number, 0 to 7.
    pub function: u8,
}

impl fmt::Display for PciAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            segment,
            bus,
            device,
            function,
        } = self;
        write!(f, "{segment:04x}:{bus:02x}:{device:02x}.{function}")
    }
}

/// Access to the configuration space of PCI functions.
///
/// # Safety
///
/// Reads and writes must reach the named function's configuration space and nothing else, and must
/// have taken effect when the call returns (configuration writes are non-posted: PCI Express Base
/// 5.0 §2.1.1.2), and it does, without a panic: silencing a device depends on it. A function that is absent
/// reads as all ones.
pub unsafe trait ConfigSpace: Sync {
    /// Reads the dword at `offset` (bytes, a multiple of 4, below 4096).
    fn read(&self, address: PciAddress, offset: u16) -> u32;
    /// Writes the dword at `offset` (bytes, a multiple of 4, below 4096).
    ///
    /// # Safety
    ///
    /// The caller is who drives the function: it may be bus master only while all that it reaches stays allocated,
    /// and its registers stay where they are mapped.
    unsafe fn write(&self, address: PciAddress, offset: u16, value: u32);
}

/// Device registers emulated in software: what a model of a device implements.
///
/// Offsets are in bytes from the start of the BAR, naturally aligned, inside the mapped length. Widths are of 8, 16 and 32
/// bits: 64-bit accesses arrive as two of 32 bits, low half first (NVM Express over PCIe Transport 1.0 §2.1.1 and others
/// allow hosts to do so).
///
/// # Safety
///
/// Called on threads of domains: what it allocates there it allocates as the host.
pub unsafe trait MmioBus: Sync {
    /// Reads the register at `offset`; all ones if nothing answers.
    fn read(&self, offset: usize, width: Width) -> u32;
    /// Writes the register at `offset`.
    fn write(&self, offset: usize, width: Width, value: u32);
}

/// A mapped range of device registers: real memory-mapped I/O, or a model of it.
#[derive(Clone, Copy)]
pub enum Backing {
    /// Uncached memory-mapped registers, starting here.
    Raw(NonNull<u8>),
    /// A bus emulated in software (tests, device models).
    Bus(&'static dyn MmioBus),
}

// SAFETY: the pointer names device registers, accessed only with volatile operations through `Mmio`,
// from any thread; `MmioBus` is `Sync`.
unsafe impl Send for Backing {}
// SAFETY: as above; a shared `Backing` gives nothing that an owned one does not.
unsafe impl Sync for Backing {}

/// Maps base address registers.
///
/// # Safety
///
/// A [`Backing::Raw`] that is returned must be valid for volatile reads and writes of `length` bytes,
/// aligned to 8, mapped uncached, must reach only that BAR of that function, and must stay so until
/// [`unmap`](Self::unmap).
pub unsafe trait MapBar: Sync {
    /// Maps the first `length` bytes of memory BAR `bar` (0 to 5).
    ///
    /// # Errors
    ///
    /// [`MapBarError`] if there is no such memory BAR, it is shorter, or there's no address space.
    fn map(&self, address: PciAddress, bar: u8, length: usize) -> Result<Backing, MapBarError>;
    /// Ends a mapping.
    ///
    /// # Safety
    ///
    /// [`map`](Self::map) returned it for this BAR, its claim is over, and nothing uses it.
    unsafe fn unmap(&self, address: PciAddress, bar: u8, backing: Backing);
}

/// Why a BAR can't be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapBarError {
    /// The function has no memory BAR of this number.
    Absent,
    /// The BAR is shorter than the driver's register layout.
    TooShort,
    /// The kernel has no address space or page tables left.
    NoSpace,
}

impl fmt::Display for MapBarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => {
                "the function has no such memory BAR: check that it is the right device"
            }
            Self::TooShort => {
                "the BAR is shorter than the registers need: the device does not fit this driver"
            }
            Self::NoSpace => "no address space left to map the BAR: give the kernel more memory",
        })
    }
}

impl core::error::Error for MapBarError {}

/// Translates memory addresses to the addresses that a device uses on its bus.
///
/// # Safety
///
/// `Some(bus)` promises that a device access at `bus + i` reaches the byte at `start + i`, for every `i <
/// length`, for as long as that memory stays allocated, and reaches nothing else. The same holds of
/// `Some(offset)` from [`linear`](Self::linear), with `bus = start + offset`, for every object of the
/// exchange heap.
pub unsafe trait DmaTranslate: Sync {
    /// What a bus address differs by from the address, modulo 2^64, if it is the same for all of the exchange
    /// heap, always: a direct map and no IOMMU. `None`, the default, has every buffer translated by itself.
    fn linear(&self) -> Option<u64> {
        None
    }
    /// The bus address of `length` bytes at `start`, or `None` if they are not contiguous for the
    /// device or not reachable by it.
    fn bus_address(&self, start: *const u8, length: usize) -> Option<u64>;
}

/// Time, for bounded waits.
///
/// # Safety
///
/// Called on threads of domains: what it allocates there it allocates as the host.
pub unsafe trait Clock: Sync {
    /// Nanoseconds since some fixed moment; never goes back.
    fn now(&self) -> u64;
    /// Called between two polls of a device: a pause instruction, or a yield where threads are
    /// cooperative. Returns within about a millisecond, or when the thread is next scheduled.
    fn relax(&self);
}

/// What the message of an interrupt sets, and threads wait for. It stays where it is for ever: one that is
/// released and comes yet is somebody else's wake for nothing, or nobody's.
///
/// # Safety
///
/// Called on threads of domains, which may be cut while they wait: it allocates nothing there.
pub unsafe trait Event: Sync {
    /// How often the message came, modulo 2^32.
    fn count(&self) -> u32;
    /// Blocks until the count is not `seen`, for `timeout` at most, or for nothing at all; the count then.
    /// The death of the domain for which the thread runs ends it: it does not return then.
    fn wait(&self, seen: u32, timeout: Duration) -> u32;
}

/// A message: what a device writes to interrupt (PCI Express Base 5.0 §6.1.4).
#[derive(Clone, Copy)]
pub struct Message {
    /// Where.
    pub address: u64,
    /// What.
    pub data: u32,
    /// What the host's handler then sets.
    pub event: &'static dyn Event,
}

/// Why there's no message to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoMessage {
    /// The host offers none.
    NotOffered,
    /// All are in use.
    Full,
}

impl fmt::Display for NoMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOffered => "this kernel offers drivers no interrupts: poll the device",
            Self::Full => "all interrupt vectors are in use: poll the device",
        })
    }
}

impl core::error::Error for NoMessage {}

/// Interrupt messages: the kernel's vectors.
///
/// # Safety
///
/// A device that writes the `data` of a message to its `address`, at any time, also after it was released,
/// interrupts a processor (or does nothing), whose handler sets the message's event, and does nothing else.
pub unsafe trait Messages: Sync {
    /// A message that no other holder has, for the function at `address`.
    ///
    /// # Errors
    ///
    /// [`NoMessage`].
    fn allocate(&self, address: PciAddress) -> Result<Message, NoMessage>;
    /// Takes a message back that [`allocate`](Self::allocate) returned; the function sends it no more.
    fn release(&self, message: Message);
}

/// For kernels whose drivers poll.
pub struct NoMessages;

// SAFETY: there's none.
unsafe impl Messages for NoMessages {
    fn allocate(&self, _: PciAddress) -> Result<Message, NoMessage> {
        Err(NoMessage::NotOffered)
    }

    fn release(&self, _: Message) {}
}

/// All of them, as a claim keeps them.
#[derive(Clone, Copy)]
pub struct Host {
    /// Configuration space.
    pub config: &'static dyn ConfigSpace,
    /// BAR mappings.
    pub bars: &'static dyn MapBar,
    /// Bus addresses.
    pub dma: &'static dyn DmaTranslate,
    /// Time.
    pub clock: &'static dyn Clock,
    /// Interrupts; [`NoMessages`] if the kernel has none for drivers.
    pub messages: &'static dyn Messages,
}
