//! The traits that a kernel implements so that drivers can run. A port has to read only this file.
//!
//! There are six small traits, one for each thing that only the kernel can do, and one for emulated devices. Every
//! method may be called on a domain's thread and, during a reclaim, on the thread that reclaims. So no method may
//! block without a bound, allocate from the current domain's heap, or call into a domain. If a method keeps memory
//! from a domain's heap, that memory is freed with the domain. This is why every trait is `unsafe` to implement. If a
//! method panics, the panic reaches its caller, except where a claim ends: there the engine catches it.
//!
//! ```compile_fail,E0200
//! use samara_device_io::host::Clock;
//! # use std::sync::Mutex;
//!
//! // On a driver's thread the vector would grow in the driver's heap.
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
//! Only the claim can make a function bus master or end a mapping. Other safe code can't:
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
//!
//! Invariant: AUTH-7

use core::fmt;
use core::ptr::NonNull;
use core::time::Duration;

use crate::table::Width;

/// Runs code of the host for a caller that must not panic, such as a capability's destructor or its quiesce. Returns
/// `None` if the code panics. `f` must take no lock of this crate and no no-cut mark: not every unwind backend runs
/// destructors, so a panic could leave the lock or the mark taken.
pub(crate) fn contained<R>(f: impl FnOnce() -> R) -> Option<R> {
    samara_unwind::catch(f)
        .map_err(samara_unwind::Payload::dispose)
        .ok()
}

/// The place of a PCI function in the hierarchy (PCI Express Base 5.0 §7.2.2).
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
/// Reads and writes must reach the named function's configuration space and nothing else. They must have taken effect
/// when the call returns (configuration writes are non-posted: PCI Express Base 5.0 §2.1.1.2). The call must return
/// and must not panic, because silencing a device depends on it. A function that is absent reads as all ones.
pub unsafe trait ConfigSpace: Sync {
    /// Reads the dword at `offset` (bytes, a multiple of 4, below 4096).
    fn read(&self, address: PciAddress, offset: u16) -> u32;
    /// Writes the dword at `offset` (bytes, a multiple of 4, below 4096).
    ///
    /// # Safety
    ///
    /// The caller drives the function. It makes the function bus master only while everything that the function
    /// reaches stays allocated, and it leaves the function's registers where they are mapped.
    unsafe fn write(&self, address: PciAddress, offset: u16, value: u32);
}

/// Device registers emulated in software: the trait that an emulated device implements.
///
/// Offsets are in bytes from the start of the BAR, naturally aligned, inside the mapped length. Widths are 8, 16 and
/// 32 bits: a 64-bit access arrives as two of 32 bits, low half first (NVM Express over PCIe Transport 1.0 §2.1.1 and
/// others allow hosts to do so).
///
/// # Safety
///
/// The methods are called on domains' threads. An implementation that allocates must do so as the host.
pub unsafe trait MmioBus: Sync {
    /// Reads the register at `offset`; all ones if nothing answers.
    fn read(&self, offset: usize, width: Width) -> u32;
    /// Writes the register at `offset`.
    fn write(&self, offset: usize, width: Width, value: u32);
}

/// A mapped range of device registers: real memory-mapped I/O, or an emulated device.
#[derive(Clone, Copy)]
pub enum Backing {
    /// Uncached memory-mapped registers, starting here.
    Raw(NonNull<u8>),
    /// A bus emulated in software (tests, emulated devices).
    Bus(&'static dyn MmioBus),
}

// SAFETY: the pointer names device registers, which only `mmio::Cell` accesses, with volatile operations, from any
// thread; `MmioBus` is `Sync`.
unsafe impl Send for Backing {}
// SAFETY: as above; a shared `Backing` permits no access that an owned one does not permit.
unsafe impl Sync for Backing {}

/// Maps base address registers.
///
/// # Safety
///
/// A returned [`Backing::Raw`] must be valid for volatile reads and writes of `length` bytes, aligned to 8, and
/// mapped uncached. It must reach only that BAR of that function, and must stay so until [`unmap`](Self::unmap).
pub unsafe trait MapBar: Sync {
    /// Maps the first `length` bytes of memory BAR `bar` (0 to 5).
    ///
    /// # Errors
    ///
    /// [`MapBarError`] if the function has no such memory BAR, the BAR is shorter, or no address space is left.
    fn map(&self, address: PciAddress, bar: u8, length: usize) -> Result<Backing, MapBarError>;
    /// Ends a mapping.
    ///
    /// # Safety
    ///
    /// [`map`](Self::map) returned `backing` for this BAR, the claim that mapped it is over, and nothing uses it.
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
/// `Some(bus)` promises that a device access at `bus + i` reaches the byte at `start + i`, for every `i < length`,
/// for as long as that memory stays allocated, and reaches nothing else. `Some(offset)` from [`linear`](Self::linear)
/// promises the same with `bus = start + offset`, for every object of the exchange heap.
pub unsafe trait DmaTranslate: Sync {
    /// Returns the difference between a bus address and the memory address, modulo 2^64, if it is always the same for
    /// the whole exchange heap: there is a direct map and no IOMMU. The default is `None`: the engine then translates
    /// every buffer separately.
    fn linear(&self) -> Option<u64> {
        None
    }
    /// Returns the bus address of `length` bytes at `start`, or `None` if the bytes are not contiguous for the device
    /// or the device can't reach them.
    fn bus_address(&self, start: *const u8, length: usize) -> Option<u64>;
}

/// The clock of bounded waits.
///
/// # Safety
///
/// The methods are called on domains' threads. An implementation that allocates must do so as the host.
pub unsafe trait Clock: Sync {
    /// Returns nanoseconds since some fixed moment; never goes back.
    fn now(&self) -> u64;
    /// Called between two polls of a device: executes a pause instruction, or yields where threads are cooperative.
    /// Returns within about a millisecond, or when the thread is next scheduled.
    fn relax(&self);
}

/// Counts the messages of one interrupt; threads wait for the count to change. An event lives for ever, so a message
/// may still arrive after its release. Such a message wakes the event's next holder for nothing, or wakes nobody.
///
/// # Safety
///
/// The methods are called on domains' threads, which may be cut while they wait. So an implementation must not
/// allocate there.
pub unsafe trait Event: Sync {
    /// Returns the number of times that the message came, modulo 2^32.
    fn count(&self) -> u32;
    /// Blocks until the count differs from `seen`, for at most `timeout`, and returns the count. The call may also
    /// return early without a change. If the domain for which the thread runs dies, the wait ends and does not
    /// return.
    fn wait(&self, seen: u32, timeout: Duration) -> u32;
}

/// A message: a device interrupts by writing this data to this address (PCI Express Base 5.0 §6.1.4).
#[derive(Clone, Copy)]
pub struct Message {
    /// The address that the device writes to.
    pub address: u64,
    /// The value that the device writes.
    pub data: u32,
    /// The event that the host's handler sets when the message arrives.
    pub event: &'static dyn Event,
}

/// Why the host gives no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoMessage {
    /// The host offers no messages.
    NotOffered,
    /// All messages are in use.
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
/// If a device writes the `data` of a message to its `address`, the write does nothing, or it interrupts a processor.
/// The processor's handler sets the message's event and does nothing else. This holds at any time, also after the
/// message was released.
pub unsafe trait Messages: Sync {
    /// Allocates a message for the function at `address`. No other function holds this message.
    ///
    /// # Errors
    ///
    /// [`NoMessage`].
    fn allocate(&self, address: PciAddress) -> Result<Message, NoMessage>;
    /// Takes back a message that [`allocate`](Self::allocate) returned. The function has stopped sending the message
    /// before this call.
    fn release(&self, message: Message);
}

/// Offers no interrupt messages, for kernels whose drivers poll.
pub struct NoMessages;

// SAFETY: it gives no message, so no device writes one.
unsafe impl Messages for NoMessages {
    fn allocate(&self, _: PciAddress) -> Result<Message, NoMessage> {
        Err(NoMessage::NotOffered)
    }

    fn release(&self, _: Message) {}
}

/// Everything that a kernel supplies for a claim.
#[derive(Clone, Copy)]
pub struct Host {
    /// Access to configuration space.
    pub config: &'static dyn ConfigSpace,
    /// Maps BARs.
    pub bars: &'static dyn MapBar,
    /// Translates bus addresses.
    pub dma: &'static dyn DmaTranslate,
    /// The clock.
    pub clock: &'static dyn Clock,
    /// Interrupt messages; [`NoMessages`] if the kernel offers drivers none.
    pub messages: &'static dyn Messages,
}
