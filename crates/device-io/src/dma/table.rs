//! The in-flight table of a claim: what the device may reach, kept where no domain can touch it.
//!
//! It lives in the claim's capability slot. What it owns belongs to the host, so that the death of a
//! domain releases it through the claim, after the device is silent, and not before as a plain object.
//!
//! So a domain's quota does not count it. The table does: what it owns, which only its domain put
//! there, is no more than the domain's quota either.

use core::fmt;

use samara_rref::{Exchangeable, Owner, RRef, Transfer as Handover, weigh};
use samara_shared_heap::{quota, thread};

use super::ledger::{Ledger, MAX_TRANSFERS, Refusal};
use super::pins::{MAX_RINGS, Pins};
use super::region::RegionError;

/// DMA regions that one claim can have.
pub const MAX_REGIONS: usize = 16;

/// One pinned buffer. `owned` is `None` for a lent one, whose lender keeps it.
struct Entry {
    owned: Option<RRef<[u8]>>,
    bus: u64,
    length: usize,
    writable: bool,
}

const VACANT: Entry = Entry {
    owned: None,
    bus: 0,
    length: 0,
    writable: false,
};

/// Why a buffer isn't accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// All transfers are in use: wait for one to end.
    Full,
    /// An empty buffer transfers nothing.
    Empty,
    /// The device can't reach the memory.
    Unreachable,
    /// The claim would own more bytes than its domain's quota.
    OverQuota,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "as many transfers under way as the table holds: wait for one to end",
            Self::Empty => "empty buffer: nothing to transfer",
            Self::Unreachable => "the device can't reach the buffer's memory",
            Self::OverQuota => {
                "the claim owns as much DMA memory as its domain's quota: end transfers, or raise DomainSpec::shared_quota"
            }
        })
    }
}

/// A buffer that the table did not accept, given back.
pub struct BeginError {
    /// Why.
    pub reason: Refused,
    /// The caller's buffer, untouched.
    pub buffer: RRef<[u8]>,
}

impl fmt::Debug for BeginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BeginError({:?})", self.reason)
    }
}

impl fmt::Display for BeginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl core::error::Error for BeginError {}

/// What a ring would have pinned, and its descriptors; and why they are not kept.
pub(crate) type RefusedRing = (RegionError, Pins, RRef<[u8]>);

/// The table.
pub(crate) struct DmaTable {
    regions: [Option<RRef<[u8]>>; MAX_REGIONS],
    pins: [Option<Pins>; MAX_RINGS],
    entries: [Entry; MAX_TRANSFERS],
    ledger: Ledger,
}

/// Makes `object` the property of `owner`.
fn hand_over(object: &RRef<[u8]>, owner: Owner) {
    // SAFETY: called with `HOST` on an object that the table has just taken over by value, and with
    // the running domain on one that the table is giving back by value to it.
    let handover = unsafe { Handover::to(owner) };
    object.transfer(&handover);
}

impl DmaTable {
    pub(crate) const fn new() -> Self {
        Self {
            regions: [const { None }; MAX_REGIONS],
            pins: [const { None }; MAX_RINGS],
            entries: [VACANT; MAX_TRANSFERS],
            ledger: Ledger::new(),
        }
    }

    /// Whether it may own `more`, given the quota of whom the thread runs for. Cost, for a domain that has
    /// one: a lock, and a look at every region, ring and transfer.
    fn admits(&self, more: usize) -> bool {
        let owner = thread::current().owner();
        if !quota::is_limited(owner) {
            return true;
        }
        let transfers = self.entries.iter().filter_map(|entry| entry.owned.as_ref());
        let owned = self.regions.iter().flatten().chain(transfers);
        let bytes = owned.fold(more, |sum, memory| sum.saturating_add(weigh(memory).bytes));
        // A ring counts as if it were full.
        let pins = self.pins.iter().flatten();
        let bytes = pins.fold(bytes, |sum, pins| sum.saturating_add(pins.bytes()));
        quota::limits(owner).bytes.is_none_or(|most| bytes <= most)
    }

    /// Keeps `memory` until the claim ends; gives it back if it may not.
    pub(crate) fn keep(&mut self, memory: RRef<[u8]>) -> Result<(), (Refused, RRef<[u8]>)> {
        if !self.admits(weigh(&memory).bytes) {
            return Err((Refused::OverQuota, memory));
        }
        match self.regions.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => {
                hand_over(&memory, Owner::HOST);
                *slot = Some(memory);
                Ok(())
            }
            None => Err((Refused::Full, memory)),
        }
    }

    /// Keeps what a ring pins, and the memory of its descriptors, until the claim ends: both or neither.
    /// There's one ring for each key. What is refused is given back, to be freed without the table's lock.
    pub(crate) fn keep_ring(&mut self, pins: Pins, memory: RRef<[u8]>) -> Result<(), RefusedRing> {
        let mut kept = self.pins.iter().flatten();
        if kept.any(|kept| kept.key() == pins.key()) {
            return Err((RegionError::Taken, pins, memory));
        }
        if !self.admits(pins.bytes().saturating_add(weigh(&memory).bytes)) {
            return Err((RegionError::OverQuota, pins, memory));
        }
        let region = self.regions.iter_mut().find(|slot| slot.is_none());
        let ring = self.pins.iter_mut().find(|slot| slot.is_none());
        let (Some(region), Some(ring)) = (region, ring) else {
            return Err((RegionError::TooMany, pins, memory));
        };
        hand_over(&memory, Owner::HOST);
        pins.hand_over();
        *region = Some(memory);
        *ring = Some(pins);
        Ok(())
    }

    /// Opens a transfer of a buffer that moves in; gives it back if there's no room.
    pub(crate) fn open_owned(
        &mut self,
        buffer: RRef<[u8]>,
        bus: u64,
    ) -> Result<usize, (Refused, RRef<[u8]>)> {
        if !self.admits(weigh(&buffer).bytes) {
            return Err((Refused::OverQuota, buffer));
        }
        let Ok(index) = self.ledger.open() else {
            return Err((Refused::Full, buffer));
        };
        hand_over(&buffer, Owner::HOST);
        let length = buffer.len();
        self.entries[index] = Entry {
            owned: Some(buffer),
            bus,
            length,
            writable: true,
        };
        Ok(index)
    }

    /// Opens a transfer of a buffer that its owner keeps, and that the device may only read.
    pub(crate) fn open_lent(&mut self, length: usize, bus: u64) -> Result<usize, Refusal> {
        let index = self.ledger.open()?;
        self.entries[index] = Entry {
            owned: None,
            bus,
            length,
            writable: false,
        };
        Ok(index)
    }

    /// Closes a transfer with nothing in flight; gives its buffer, if it owned one, to whom the
    /// thread runs for.
    pub(crate) fn close(&mut self, transfer: usize) -> Result<Option<RRef<[u8]>>, Refusal> {
        self.ledger.close(transfer)?;
        let entry = core::mem::replace(&mut self.entries[transfer], VACANT);
        if let Some(buffer) = &entry.owned {
            let owner = thread::current().owner();
            if quota::is_limited(owner) {
                // SAFETY: its own again: taken off what it may still allocate.
                unsafe { quota::note(owner, weigh(buffer)) };
            }
            hand_over(buffer, owner);
        }
        Ok(entry.owned)
    }

    /// Puts `tag` in flight for bytes `offset..offset + length` of a transfer; returns their bus
    /// address and whether the device may write them. `None` if the range isn't inside the buffer.
    pub(crate) fn start(
        &mut self,
        transfer: usize,
        tag: usize,
        offset: usize,
        length: usize,
    ) -> Result<Option<(u64, bool)>, Refusal> {
        let Some(entry) = self.entries.get(transfer) else {
            return Err(Refusal::NotOpen);
        };
        let end = offset.checked_add(length);
        if length == 0 || end.is_none_or(|end| end > entry.length) {
            return Ok(None);
        }
        let found = (entry.bus.wrapping_add(offset as u64), entry.writable);
        self.ledger.start(transfer, tag)?;
        Ok(Some(found))
    }

    /// Takes `tag` out of flight.
    pub(crate) fn end(&mut self, tag: usize) -> Result<(), Refusal> {
        self.ledger.end(tag).map(|_| ())
    }

    /// Takes everything out of flight: the device is silent.
    pub(crate) fn end_all(&mut self) {
        self.ledger.end_all();
    }

    /// Tags in flight for a transfer.
    pub(crate) fn outstanding(&self, transfer: usize) -> usize {
        self.ledger.outstanding(transfer)
    }
}

#[cfg(test)]
mod tests {
    use super::{DmaTable, MAX_REGIONS, Pins, RRef, RegionError};
    use samara_host_std as _;
    use samara_shared_heap::class::place;
    use samara_shared_heap::heap::census_all;

    fn pins(queue: u16) -> Pins {
        Pins::new((0, queue), place(64, 8), 64, 8).unwrap()
    }

    fn memory() -> RRef<[u8]> {
        RRef::new_zeroed_slice(4096).unwrap()
    }

    /// What has a destructor runs code of the heap's host, which knows nothing of the table's lock.
    #[test]
    fn a_refused_ring_comes_out_as_it_went_in() {
        let before = census_all();
        let mut table = DmaTable::new();
        assert!(table.keep_ring(pins(0), memory()).is_ok());
        let one = census_all().objects - before.objects;
        let refused = table.keep_ring(pins(0), memory()).unwrap_err();
        assert_eq!(refused.0, RegionError::Taken);
        assert_eq!(census_all().objects - before.objects, 2 * one);
        drop(refused);
        for _ in 1..MAX_REGIONS {
            assert!(table.keep(memory()).is_ok());
        }
        let held = census_all().objects;
        let refused = table.keep_ring(pins(1), memory()).unwrap_err();
        assert_eq!(refused.0, RegionError::TooMany);
        assert_eq!(census_all().objects - held, one);
        drop(refused);
        assert_eq!(census_all().objects, held);
        drop(table);
        assert_eq!(census_all(), before);
    }
}
