//! Counts how many commands of one queue are in flight, for each transfer of the claim.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};

/// Transfers (pinned buffers) that one claim can have at once.
pub const MAX_TRANSFERS: usize = 32;

/// For each transfer, the epoch in which the queue last put it in flight, and how many commands have it in flight. A
/// count from an earlier epoch is read as 0, because the device was silenced or reset since then. Only the low 32
/// bits of an epoch are stored. When these 32 bits repeat after 2^32 epochs, a leftover count may be read as current.
/// The transfer then counts as in flight until the next epoch.
type Cells = [AtomicU64; MAX_TRANSFERS];

/// The number of bytes that the counts take. They lie in the queue's memory, behind the parts whose addresses the
/// device is told.
pub(crate) const BYTES: usize = size_of::<Cells>();

/// The counts of one queue. Only the queue changes them; the claim's table reads them. A caller that finishes a
/// transfer passes it by value, so no command of the transfer can be put in flight meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct Flights(NonNull<Cells>);

// SAFETY: the counts are atomics, in memory that the claim keeps.
unsafe impl Send for Flights {}
// SAFETY: as above.
unsafe impl Sync for Flights {}

impl Flights {
    /// # Safety
    ///
    /// `cells` are zeroed, aligned, in memory that the claim keeps, and used for nothing else. The result is used
    /// only while the claim lives.
    pub(crate) const unsafe fn new(cells: NonNull<Cells>) -> Self {
        Self(cells)
    }

    #[inline]
    fn cell(&self, transfer: usize) -> Option<&AtomicU64> {
        // SAFETY: `new`'s promise.
        unsafe { self.0.as_ref() }.get(transfer)
    }

    /// Returns the transfer's count in `epoch`.
    #[inline]
    fn count(&self, transfer: usize, epoch: u64) -> u32 {
        let packed = self.cell(transfer).map(|cell| cell.load(Ordering::Acquire));
        match packed {
            Some(packed) if packed >> 32 == epoch & 0xFFFF_FFFF => packed as u32,
            _ => 0,
        }
    }

    /// Stores a count. Only the queue stores counts, by `&mut`, so a plain store is enough and no locked operation is
    /// needed.
    #[inline]
    fn set(&self, transfer: usize, epoch: u64, count: u32) {
        if let Some(cell) = self.cell(transfer) {
            cell.store(epoch << 32 | u64::from(count), Ordering::Release);
        }
    }

    /// Counts one more command of `epoch`, in which the queue runs.
    #[inline]
    pub(crate) fn start(&mut self, transfer: usize, epoch: u64) {
        // A queue has fewer than 2^16 commands in flight, so the count does not overflow.
        self.set(transfer, epoch, self.count(transfer, epoch).wrapping_add(1));
    }

    /// Counts one command less.
    #[inline]
    pub(crate) fn end(&mut self, transfer: usize, epoch: u64) {
        let count = self.count(transfer, epoch).saturating_sub(1);
        self.set(transfer, epoch, count);
    }

    /// Whether any command of the transfer is in flight in `epoch`.
    pub(crate) fn is_any(&self, transfer: usize, epoch: u64) -> bool {
        self.count(transfer, epoch) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::{AtomicU64, Flights, NonNull};

    #[test]
    fn counts_of_an_earlier_epoch_count_nothing() {
        let cells = [const { AtomicU64::new(0) }; 32];
        // SAFETY: the cells outlive `flights`.
        let mut flights = unsafe { Flights::new(NonNull::from(&cells)) };
        flights.start(3, 0);
        flights.start(3, 0);
        flights.end(3, 0);
        assert!(flights.is_any(3, 0) && !flights.is_any(2, 0));
        assert!(!flights.is_any(3, 1), "the device was silenced");
        flights.start(3, 1);
        assert!(flights.is_any(3, 1) && !flights.is_any(3, 0));
        flights.end(3, 1);
        flights.end(3, 1);
        assert!(!flights.is_any(3, 1));
        assert!(!flights.is_any(99, 0));
    }
}
