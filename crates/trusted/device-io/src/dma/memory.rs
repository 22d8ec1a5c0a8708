//! Memory of a queue, shared with the device for the length of a claim.

use core::ptr::NonNull;

use samara_rref::RRef;

use super::in_flight::{self, Flights};
use super::pins::Pins;
use super::table::{Kept, QueueKey};
use crate::error::QueueError;
use crate::pci::PciFunction;

/// A queue's memory starts on a page and is a whole number of pages long.
pub(crate) const PAGE: usize = 4096;

/// The queue's belongings besides the memory whose address the device is told.
pub(crate) enum Held {
    /// Pinned objects.
    Pins(Pins),
    /// The queue's commands use transfers, so it counts the commands in flight for each transfer.
    Flights,
}

/// The place of a queue's memory. The memory belongs to the claim and is released when that ends. Dropping this value
/// releases nothing, so the device never holds the address of memory that was reused.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) start: NonNull<u8>,
    pub(crate) bus: u64,
    pub(crate) bytes: usize,
}

// SAFETY: the memory belongs to the claim, not to a thread. Queues access it with volatile operations, and write it
// only by `&mut self` (DEV-11).
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// Allocates `bytes` zeroed bytes for the queue `key`, page aligned and contiguous for the device. A claim has
    /// each queue once. The claim keeps the memory and the queue's other belongings ([`Held`]). Also returns the
    /// counts of commands in flight, if the queue has transfers.
    pub(crate) fn new<D>(
        function: &PciFunction<D>,
        key: QueueKey,
        bytes: usize,
        held: Held,
    ) -> Result<(Self, Option<Flights>), QueueError> {
        let counts = bytes.next_multiple_of(8);
        let bytes = (counts + in_flight::BYTES).next_multiple_of(PAGE);
        let mut memory = RRef::<[u8]>::new_zeroed_slice(bytes).map_err(QueueError::Alloc)?;
        let start = NonNull::from(&mut *memory).cast::<u8>();
        let aligned = |address: u64| address.is_multiple_of(PAGE as u64);
        let bus = function.bus_address(start.as_ptr(), bytes);
        let bus = bus.filter(|&bus| aligned(bus) && aligned(start.addr().get() as u64));
        let bus = bus.ok_or(QueueError::Unreachable)?;
        let (pins, flights) = match held {
            Held::Pins(pins) => (Some(pins), None),
            Held::Flights => {
                // SAFETY: inside the memory, behind the queue's own bytes, aligned to 8.
                let cells = unsafe { start.add(counts) }.cast();
                // SAFETY: the cells are zeroed, and the claim keeps them from here on.
                (None, Some(unsafe { Flights::new(cells) }))
            }
        };
        let kept = Kept {
            key,
            memory,
            pins,
            flights,
        };
        // The table keeps both the memory and the pins, or neither: pins without memory would occupy the queue's
        // place until the claim ends. If the table refuses them, they are dropped here, where the table's lock is not
        // held.
        let kept = function.with_table(|table| table.keep(kept));
        kept.map_err(|(error, _)| error)?;
        Ok((Self { start, bus, bytes }, flights))
    }

    /// Returns the place of a word that the device and the processor share.
    ///
    /// # Safety
    ///
    /// `offset` is a multiple of the word's size, and the word lies inside the memory.
    #[inline]
    pub(crate) unsafe fn at<W>(&self, offset: usize) -> NonNull<W> {
        debug_assert!(
            offset.is_multiple_of(size_of::<W>()) && offset + size_of::<W>() <= self.bytes
        );
        // SAFETY: the caller's promise.
        unsafe { self.start.add(offset) }.cast()
    }

    /// Writes a word, which a device may read.
    ///
    /// # Safety
    ///
    /// As for [`at`](Self::at). The claim lives. If the device uses the word as an address, the memory at that
    /// address stays allocated until the device is silenced or has ended the command that uses the address.
    #[inline]
    pub(crate) unsafe fn store<W>(&self, offset: usize, word: W) {
        // SAFETY: the caller's promise.
        let at = unsafe { self.at(offset) };
        // SAFETY: inside the memory, which the claim keeps, aligned; volatile, because a device reads it (DEV-9).
        unsafe { at.write_volatile(word) };
    }

    /// Reads a word, which a device may write.
    ///
    /// # Safety
    ///
    /// As for [`at`](Self::at). The claim lives, and every bit pattern is a `W`.
    #[inline]
    pub(crate) unsafe fn load<W>(&self, offset: usize) -> W {
        // SAFETY: the caller's promise.
        let at = unsafe { self.at(offset) };
        // SAFETY: inside the memory, which the claim keeps, aligned; volatile, because a device writes it (DEV-9).
        unsafe { at.read_volatile() }
    }

    /// Zeroes `length` bytes from `offset` on, both multiples of 8.
    ///
    /// # Safety
    ///
    /// The bytes lie inside the memory; the claim lives, and no queue that runs uses them.
    pub(crate) unsafe fn clear(&self, offset: usize, length: usize) {
        for offset in (offset..offset + length).step_by(8) {
            // SAFETY: the caller's promise.
            unsafe { self.store(offset, 0u64) };
        }
    }
}
