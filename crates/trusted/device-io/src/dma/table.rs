//! The in-flight table of a claim: the memory that the device may reach, kept where no domain can access it.
//!
//! The table lives in the claim's capability slot. The objects that it owns belong to the host. If they belonged to
//! the domain, its death would free them as plain objects. Because they belong to the host, they are freed only
//! through the claim, after the device is silent.
//!
//! Because the host owns these objects, the domain's quota does not count them. So the table counts them itself, and
//! never owns more bytes than the domain's quota allows. Only the domain that owns the claim puts objects into the
//! table.

use samara_rref::{Exchangeable, Owner, RRef, Transfer, weigh};
use samara_shared_heap::{quota, thread};

use super::in_flight::{Flights, MAX_TRANSFERS};
use super::pins::Pins;
use super::refused::Refused;
use crate::error::QueueError;

/// Queues that one claim can have.
pub const MAX_QUEUES: usize = 32;

/// Identifies a queue of a device: its kind in the table, and its number.
pub(crate) type QueueKey = (usize, u16);

/// The memory of one queue of the device.
pub(crate) struct Kept {
    pub(crate) key: QueueKey,
    /// The memory that the device reads and writes as the queue.
    pub(crate) memory: RRef<[u8]>,
    /// The objects that the queue has pinned, if it pins any.
    pub(crate) pins: Option<Pins>,
    /// The counts of its commands in flight, if it has transfers.
    pub(crate) flights: Option<Flights>,
}

/// One transfer of the table.
enum Entry {
    Vacant,
    /// The lender remains the owner of the buffer.
    Lent,
    Owned(RRef<[u8]>),
}

/// Why a queue isn't kept, and the queue's memory, given back.
pub(crate) type RefusedQueue = (QueueError, Kept);

/// All memory that the device of one claim may reach.
pub(crate) struct DmaTable {
    queues: [Option<Kept>; MAX_QUEUES],
    entries: [Entry; MAX_TRANSFERS],
}

/// Makes `object` the property of `owner`.
fn hand_over(object: &RRef<[u8]>, owner: Owner) {
    // SAFETY: with `HOST`, the table calls this on an object that it has just taken over by value; with the running
    // domain, on an object that it is giving back to that domain by value (OWN-3).
    let handover = unsafe { Transfer::to(owner) };
    object.transfer(&handover);
}

impl DmaTable {
    pub(crate) const fn new() -> Self {
        Self {
            queues: [const { None }; MAX_QUEUES],
            entries: [const { Entry::Vacant }; MAX_TRANSFERS],
        }
    }

    /// Whether the table may own `more` bytes, given the quota of the domain that the thread runs for. If that domain
    /// has a quota, this takes a lock and looks at every queue and transfer.
    fn admits(&self, more: usize) -> bool {
        let owner = thread::current().owner();
        if !quota::is_limited(owner) {
            return true;
        }
        let mut bytes = more;
        for entry in &self.entries {
            if let Entry::Owned(buffer) = entry {
                bytes = bytes.saturating_add(weigh(buffer).bytes);
            }
        }
        for kept in self.queues.iter().flatten() {
            bytes = bytes.saturating_add(kept.bytes());
        }
        quota::limits(owner).bytes.is_none_or(|most| bytes <= most)
    }

    /// Keeps a queue's memory until the claim ends. There is one queue for each key. The table gives a refused queue
    /// back, so that the caller frees it without the table's lock.
    pub(crate) fn keep(&mut self, kept: Kept) -> Result<(), RefusedQueue> {
        if self
            .queues
            .iter()
            .flatten()
            .any(|other| other.key == kept.key)
        {
            return Err((QueueError::Taken, kept));
        }
        if !self.admits(kept.bytes()) {
            return Err((QueueError::OverQuota, kept));
        }
        let Some(slot) = self.queues.iter_mut().find(|slot| slot.is_none()) else {
            return Err((QueueError::TooMany, kept));
        };
        hand_over(&kept.memory, Owner::HOST);
        if let Some(pins) = &kept.pins {
            pins.hand_over();
        }
        *slot = Some(kept);
        Ok(())
    }

    /// Whether any queue has a command of a transfer in flight in `epoch`.
    pub(crate) fn is_in_flight(&self, transfer: usize, epoch: u64) -> bool {
        let mut flights = self.queues.iter().flatten().filter_map(|kept| kept.flights);
        flights.any(|flights| flights.is_any(transfer, epoch))
    }

    fn vacant(&self) -> Option<usize> {
        let mut entries = self.entries.iter();
        entries.position(|entry| matches!(entry, Entry::Vacant))
    }

    /// Opens a transfer of a buffer that moves into the table. If the table has no room, gives the buffer back.
    pub(crate) fn open_owned(
        &mut self,
        buffer: RRef<[u8]>,
    ) -> Result<usize, (Refused, RRef<[u8]>)> {
        if !self.admits(weigh(&buffer).bytes) {
            return Err((Refused::OverQuota, buffer));
        }
        let Some(index) = self.vacant() else {
            return Err((Refused::Full, buffer));
        };
        hand_over(&buffer, Owner::HOST);
        self.entries[index] = Entry::Owned(buffer);
        Ok(index)
    }

    /// Opens a transfer of a buffer that its owner keeps, and that the device may only read.
    pub(crate) fn open_lent(&mut self) -> Option<usize> {
        let index = self.vacant()?;
        self.entries[index] = Entry::Lent;
        Some(index)
    }

    /// Closes a transfer that has no command in flight. If the table owned the buffer, gives the buffer to the domain
    /// that the thread runs for.
    pub(crate) fn close(&mut self, transfer: usize) -> Option<RRef<[u8]>> {
        let entry = self.entries.get_mut(transfer)?;
        let Entry::Owned(buffer) = core::mem::replace(entry, Entry::Vacant) else {
            return None;
        };
        let owner = thread::current().owner();
        if quota::is_limited(owner) {
            // SAFETY: the buffer goes to `owner` right below, so it counts towards what that domain may allocate.
            unsafe { quota::note(owner, weigh(&buffer)) };
        }
        hand_over(&buffer, owner);
        Some(buffer)
    }
}

impl Kept {
    /// Returns how many bytes this owns. A queue that pins objects is counted as if every slot held an object.
    fn bytes(&self) -> usize {
        let pinned = self.pins.as_ref().map_or(0, Pins::bytes);
        pinned.saturating_add(weigh(&self.memory).bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{DmaTable, Kept, MAX_QUEUES, Pins, QueueError, RRef};
    use samara_host_std as _;
    use samara_shared_heap::class::place;
    use samara_shared_heap::heap::census_all;

    fn kept(number: u16) -> Kept {
        Kept {
            key: (0, number),
            memory: RRef::new_zeroed_slice(4096).unwrap(),
            pins: Some(Pins::new(place(64, 8), 64, 8).unwrap()),
            flights: None,
        }
    }

    /// The destructor of an object runs code of the heap's host, which knows nothing of the table's lock. So the
    /// table must not drop a refused queue.
    ///
    /// Invariant: DEV-35
    #[test]
    fn a_refused_queue_is_given_back() {
        let before = census_all();
        let mut table = DmaTable::new();
        assert!(table.keep(kept(0)).is_ok());
        let one = census_all().objects - before.objects;
        let refused = table.keep(kept(0)).err().unwrap();
        assert_eq!(refused.0, QueueError::Taken);
        assert_eq!(census_all().objects - before.objects, 2 * one);
        drop(refused);
        for number in 1..MAX_QUEUES {
            assert!(table.keep(kept(number as u16)).is_ok());
        }
        let held = census_all().objects;
        let refused = table.keep(kept(MAX_QUEUES as u16)).err().unwrap();
        assert_eq!(refused.0, QueueError::TooMany);
        assert_eq!(census_all().objects - held, one);
        drop(refused);
        assert_eq!(census_all().objects, held);
        drop(table);
        assert_eq!(census_all(), before);
    }
}
