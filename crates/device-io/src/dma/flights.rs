//! How much of each transfer is in flight.

use core::sync::atomic::{AtomicU64, Ordering};

/// Transfers (pinned buffers) that one claim can have.
pub const MAX_TRANSFERS: usize = 32;

/// For each transfer, the epoch in which it was last put in flight, and how often it is. A count of an earlier epoch counts
/// nothing: the device was silenced or reset since.
pub(crate) struct Flights([AtomicU64; MAX_TRANSFERS]);

const fn pack(epoch: u32, count: u32) -> u64 {
    (epoch as u64) << 32 | count as u64
}

const fn count_in(packed: u64, epoch: u32) -> u32 {
    if (packed >> 32) as u32 == epoch {
        packed as u32
    } else {
        0
    }
}

impl Flights {
    pub(crate) const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; MAX_TRANSFERS])
    }

    /// Nothing of a transfer that is opened in `epoch` is in flight.
    pub(crate) fn open(&self, transfer: usize, epoch: u32) {
        if let Some(flights) = self.0.get(transfer) {
            flights.store(pack(epoch, 0), Ordering::Release);
        }
    }

    /// Counts one more command of `epoch`; false if commands of a later one were counted, since the device was silenced
    /// meanwhile. One locked operation.
    #[inline]
    #[must_use]
    pub(crate) fn start(&self, transfer: usize, epoch: u32) -> bool {
        self.change(transfer, |packed| {
            let later = ((packed >> 32) as u32).wrapping_sub(epoch) as i32;
            if later > 0 {
                return None;
            }
            // Counts of an earlier epoch are void.
            Some(pack(epoch, count_in(packed, epoch).checked_add(1)?))
        })
    }

    /// Counts one less, of a command that was started in `epoch`.
    #[inline]
    pub(crate) fn end(&self, transfer: usize, epoch: u32) {
        // One that counts nothing is of a command that a silence has ended before.
        let _ = self.change(transfer, |packed| {
            let count = count_in(packed, epoch).checked_sub(1)?;
            Some(pack(epoch, count))
        });
    }

    /// Whether anything of it is in flight in `epoch`.
    pub(crate) fn is_any(&self, transfer: usize, epoch: u32) -> bool {
        let flights = self.0.get(transfer);
        flights.is_some_and(|flights| count_in(flights.load(Ordering::Acquire), epoch) != 0)
    }

    #[inline]
    fn change(&self, transfer: usize, step: impl FnMut(u64) -> Option<u64>) -> bool {
        let flights = self.0.get(transfer);
        flights.is_some_and(|flights| {
            let changed = flights.fetch_update(Ordering::AcqRel, Ordering::Acquire, step);
            changed.is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Flights;

    #[test]
    fn counts_of_an_earlier_epoch_count_nothing() {
        let flights = Flights::new();
        flights.open(3, 0);
        assert!(flights.start(3, 0) && flights.start(3, 0));
        flights.end(3, 0);
        assert!(flights.is_any(3, 0));
        assert!(!flights.is_any(3, 1), "the device was silenced");
        assert!(flights.start(3, 1));
        flights.end(3, 0);
        assert!(
            flights.is_any(3, 1),
            "an old command's end is not the new one's"
        );
        flights.end(3, 1);
        flights.end(3, 1);
        assert!(!flights.is_any(3, 1));
        assert!(!flights.is_any(99, 0) && !flights.start(99, 0));
    }

    #[test]
    fn a_late_start_of_an_earlier_epoch_is_refused() {
        let flights = Flights::new();
        flights.open(0, u32::MAX);
        assert!(flights.start(0, 0), "epochs wrap around");
        assert!(!flights.start(0, u32::MAX));
        assert!(flights.is_any(0, 0));
    }
}
