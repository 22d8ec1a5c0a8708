//! A ring of descriptors of 16 bytes, and the objects that they name.
//!
//! Layout modules build a device's queues of it. It does all that a queue's safety rests on: an object
//! that is put in is out of the driver's hands, its address and length go into the descriptor that is its
//! own, and it comes out when the layout, having looked at what the device wrote, says that it's done.

use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::{Ordering, fence};

use samara_rref::{Exchangeable, RRef, RRefDeque, Seat};
use samara_shared_heap::class::{self, Place};
use samara_shared_heap::{Owner, heap, thread};

use super::pins::{Pins, RingKey};
use super::positions::Positions;
use super::region::{DmaLayout, DmaRegion, RegionError};
use super::table::Refused;
use crate::pci::{ClaimId, PciFunction};

/// A descriptor: two little-endian quadwords.
#[repr(C, align(16))]
pub(crate) struct Descriptor([u64; 2]);

// SAFETY: 16 bytes without padding; drivers reach them through `Ring` only.
unsafe impl DmaLayout for Descriptor {}

/// The ring. Its memory, and the objects in it, belong to the claim: dropping it releases nothing.
pub(crate) struct Ring<T> {
    descriptors: NonNull<[u64; 2]>,
    slots: NonNull<usize>,
    ends: NonNull<u32>,
    /// What bus addresses differ by from addresses, if that's the same for all memory.
    linear: Option<u64>,
    pub(crate) positions: Positions,
    /// An [`Open`] has the positions, or was forgotten, and they with it.
    is_open: bool,
    entries: u32,
    bus: u64,
    claim: ClaimId,
    _objects: PhantomData<fn() -> T>,
}

// SAFETY: what the pointers lead to belongs to the claim, not to a thread, and is accessed by `&mut`
// only; the objects are `Send`, as all exchangeable ones are.
unsafe impl<T: Exchangeable> Send for Ring<T> {}
// SAFETY: a shared ring gives out numbers.
unsafe impl<T: Exchangeable> Sync for Ring<T> {}

/// Why an object wasn't put in; it's given back.
pub(crate) type PutError<T> = (Refused, RRef<T>);

impl<T: Exchangeable> Ring<T> {
    const PLACE: Place = class::place(size_of::<T>(), align_of::<T>());

    /// A ring of `entries` descriptors, zeroed, for the device's queue `key`; one for each queue and claim.
    pub(crate) fn new(
        function: &PciFunction,
        key: RingKey,
        entries: u32,
    ) -> Result<Self, RegionError> {
        const { assert!(!T::NESTED, "a device reaches plain data only") };
        let positions = Positions::new(entries).ok_or(RegionError::BadCount)?;
        let count = entries as usize;
        let object = class::occupied(Self::PLACE, size_of::<T>(), align_of::<T>());
        let mut pins = Pins::new(key, Self::PLACE, object, count).map_err(RegionError::Alloc)?;
        let (slots, ends) = pins.parts();
        let (region, memory): (DmaRegion<Descriptor>, _) = function.unkept(count)?;
        // Together: pins that are kept for a ring which can't be had would take its queue for good.
        let kept = function.with_table(|table| table.keep_ring(pins, memory));
        // What is refused is dropped here, without the table's lock.
        kept.map_err(|(error, ..)| error)?;
        let (start, bus) = region.parts();
        Ok(Self {
            descriptors: start.cast(),
            slots,
            ends,
            linear: function.linear(),
            positions,
            is_open: false,
            entries,
            bus,
            claim: function.claim_id(),
            _objects: PhantomData,
        })
    }

    /// Bytes of the descriptors, and where they are for the device.
    pub(crate) const fn base(&self) -> (u64, u32) {
        (self.bus, self.entries * 16)
    }

    pub(crate) const fn claim(&self) -> ClaimId {
        self.claim
    }

    pub(crate) const fn entries(&self) -> u32 {
        self.entries
    }

    /// Whether nobody knows any more where the ring stands: who had it open forgot that.
    #[inline]
    pub(crate) const fn is_forgotten(&self) -> bool {
        self.is_open
    }

    /// Opens the ring for a batch of work.
    ///
    /// The function must belong to whom the thread runs for, and does so as long as it is borrowed: so a
    /// death that comes between the two steps of taking an object over, or giving it back, ends the claim
    /// before it releases objects, and finds it in one place only.
    #[inline]
    pub(crate) fn open<'r>(
        &'r mut self,
        function: &'r PciFunction,
    ) -> Result<Open<'r, T>, RegionError> {
        let owner = thread::current().owner();
        if self.claim != function.claim_id() || function.owner() != owner {
            return Err(RegionError::Foreign);
        }
        // Safe code may forget an `Open`: `positions` is then where the ring stood before that.
        if self.is_open {
            return Err(RegionError::Forgotten);
        }
        self.is_open = true;
        Ok(Open {
            positions: self.positions,
            descriptors: self.descriptors,
            slots: self.slots,
            linear: self.linear,
            ring: self,
            function,
            owner,
        })
    }
}

/// A ring opened for a batch of work: the claim is alive, and the driver's. What is used for each packet stands
/// here, where the compiler can keep it in registers.
pub(crate) struct Open<'r, T> {
    pub(crate) positions: Positions,
    descriptors: NonNull<[u64; 2]>,
    slots: NonNull<usize>,
    linear: Option<u64>,
    ring: &'r mut Ring<T>,
    function: &'r PciFunction,
    owner: Owner,
}

impl<T> Drop for Open<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.ring.positions = self.positions;
        self.ring.is_open = false;
    }
}

impl<T: Exchangeable> Open<'_, T> {
    /// Where the bytes are, for the device, and their length; `None` if they are none of the object's own
    /// at `object`, or the device can't reach them.
    #[inline]
    fn locate(&self, object: usize, chosen: &mut [u8]) -> Result<(u64, usize), Refused> {
        let (at, length) = (chosen.as_mut_ptr(), chosen.len());
        // Bytes of the object itself, which are plain since safe code can see them as such.
        let inside = at.addr().wrapping_sub(object);
        if length == 0 || inside > size_of::<T>() || length > size_of::<T>() - inside {
            return Err(Refused::Empty);
        }
        let bus = match self.linear {
            Some(offset) => (at.expose_provenance() as u64).wrapping_add(offset),
            None => self
                .function
                .bus_address(at, length)
                .ok_or(Refused::Unreachable)?,
        };
        Ok((bus, length))
    }

    /// Pins `object` at `index`, and describes it to the device.
    #[inline]
    fn pin(&mut self, index: u32, object: NonNull<T>, words: [u64; 2]) {
        let object = object.cast::<u8>();
        // SAFETY: `Positions` gives indexes below `entries`, of which there are so many slots, which the
        // claim keeps; it lives as long as `self.function` is borrowed.
        let slot = unsafe { self.slots.add(index as usize) };
        // SAFETY: as above; the slot is the ring's alone, and vacant.
        unsafe { slot.write(object.as_ptr().expose_provenance()) };
        // SAFETY: a live object at its place, given up to this; the slot is the host's now.
        unsafe { heap::set_owner(object, Ring::<T>::PLACE, Owner::HOST) };
        self.store(index, words);
    }

    /// What is pinned at `index`.
    #[inline]
    fn pinned(&self, index: u32) -> Option<NonNull<T>> {
        // SAFETY: as in `pin`.
        let slot = unsafe { self.slots.add(index as usize) };
        // SAFETY: the slot is the ring's alone.
        let address = unsafe { slot.read() };
        NonNull::new(core::ptr::with_exposed_provenance_mut(address))
    }

    /// Vacates slot `index`, whose object has another owner by now: in this order, so that a domain cut in between
    /// leaves it in one of the two.
    #[inline]
    fn vacate(&mut self, index: u32) {
        // SAFETY: as in `pin`.
        let slot = unsafe { self.slots.add(index as usize) };
        // SAFETY: the slot is the ring's alone.
        unsafe { slot.write(0) };
    }

    /// Takes `object` over and fills the next descriptor with what `describe` makes of the bus
    /// address and length of the bytes in it that `bytes` chooses.
    #[inline]
    pub(crate) fn put(
        &mut self,
        mut object: RRef<T>,
        bytes: impl FnOnce(&mut T) -> &mut [u8],
        describe: impl FnOnce(u64, usize) -> Option<[u64; 2]>,
    ) -> Result<(), PutError<T>> {
        let start = (&raw const *object).addr();
        let words = match self.locate(start, bytes(&mut object)) {
            Ok((bus, length)) => describe(bus, length),
            Err(refused) => return Err((refused, object)),
        };
        let Some(words) = words else {
            return Err((Refused::Empty, object));
        };
        match self.positions.fill() {
            Some(index) => self.pin(index, RRef::into_raw(object), words),
            None => return Err((Refused::Full, object)),
        }
        Ok(())
    }

    /// Trades members of `batch`, from the first on, for objects that are done, one by one, until there's none: each
    /// goes in as by [`put`](Self::put), and the object that comes out, as by [`take`](Self::take), has its
    /// place. Half the steps of doing so one at a time.
    ///
    /// `prepare` is shown the object that would come out and the member that would go in; it chooses bytes of
    /// that, or ends it. How many were traded.
    #[inline]
    pub(crate) fn trade<const N: usize>(
        &mut self,
        batch: &mut RRefDeque<T, N>,
        mut prepare: impl for<'t> FnMut(&'t mut T, &'t mut T) -> Option<&'t mut [u8]>,
        describe: impl Fn(u64, usize) -> Option<[u64; 2]>,
        mut is_done: impl FnMut(&mut Self) -> bool,
    ) -> usize {
        let one = |mut former: NonNull<T>, seat: Seat<T>| {
            if !is_done(self) {
                return None;
            }
            let mut object = self.pinned(self.positions.oldest()?)?;
            // SAFETY: the device is done with it, so it's a live object that nobody refers to. It stays pinned
            // meanwhile, as `prepare` may panic.
            let out = unsafe { object.as_mut() };
            // SAFETY: a member of the batch, which is borrowed mutably, and nobody's before this returns.
            let into = unsafe { former.as_mut() };
            let chosen = prepare(out, into)?;
            let (bus, length) = self.locate(former.addr().get(), chosen).ok()?;
            let words = describe(bus, length)?;
            let (taken, filled) = self.positions.trade()?;
            // SAFETY: a live object, out of the ring as soon as its slot is vacated, and then in the batch.
            unsafe { seat.give(object) };
            self.vacate(taken);
            self.pin(filled, former, words);
            Some(object)
        };
        // SAFETY: what comes out was pinned, and is not any more; what goes in is, and the host's.
        unsafe { batch.trade_raw(one) }
    }

    /// Writes a descriptor: the device doesn't look at it before it is published.
    #[inline]
    fn store(&mut self, index: u32, words: [u64; 2]) {
        // SAFETY: `index` is below `entries`, of which there are so many descriptors in the region, which
        // the claim keeps.
        let at = unsafe { self.descriptors.add(index as usize) };
        let at = at.as_ptr().cast::<u64>();
        // SAFETY: inside the region, aligned; volatile, because a device reads it.
        unsafe { at.write_volatile(words[0].to_le()) };
        // SAFETY: the second quadword of the same descriptor.
        let second = unsafe { at.add(1) };
        // SAFETY: as for the first.
        unsafe { second.write_volatile(words[1].to_le()) };
    }

    /// Quadword `word`, 0 or 1, of a descriptor, and everything that the device wrote before it.
    #[inline]
    pub(crate) fn load(&self, index: u32, word: bool) -> u64 {
        let index = (index & (self.ring.entries - 1)) as usize;
        // SAFETY: masked to below `entries`, a power of two; see `store`.
        let at = unsafe { self.descriptors.add(index) };
        // SAFETY: one of the descriptor's two quadwords.
        let at = unsafe { at.as_ptr().cast::<u64>().add(usize::from(word)) };
        // SAFETY: inside the region, aligned; volatile, because the device writes it.
        let value = u64::from_le(unsafe { at.read_volatile() });
        fence(Ordering::Acquire);
        value
    }

    /// Sets `bits` in the second quadword of a descriptor that isn't published.
    #[inline]
    pub(crate) fn amend(&mut self, index: u32, bits: u64) {
        let words = [self.load(index, false), self.load(index, true) | bits];
        self.store(index & (self.ring.entries - 1), words);
    }

    /// Publishes what was filled, to be done together; `amend`s the last descriptor by `report` first.
    /// The tail, if there was anything.
    #[inline]
    pub(crate) fn publish(&mut self, report: u64) -> Option<u32> {
        let (first, last) = self.positions.publish()?;
        if report != 0 {
            self.amend(last, report);
            // SAFETY: `first` is below `entries`, of which there are so many ends, which the claim keeps.
            let end = unsafe { self.ring.ends.add(first as usize) };
            // SAFETY: as above; the ends are the ring's alone.
            unsafe { end.write(last) };
        }
        Some(self.positions.tail())
    }

    /// The last descriptor of the oldest group that isn't done.
    #[inline]
    pub(crate) fn end(&self) -> Option<u32> {
        let first = self.positions.pending()?;
        // SAFETY: below `entries`; see `publish`.
        let end = unsafe { self.ring.ends.add(first as usize) };
        // SAFETY: as above.
        Some(unsafe { end.read() })
    }

    /// Takes the oldest object out that is done.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<RRef<T>> {
        let index = self.positions.take()?;
        let object = self.pinned(index)?;
        // SAFETY: a live object at its place, which goes to whom the thread runs for.
        unsafe { heap::set_owner(object.cast(), Ring::<T>::PLACE, self.owner) };
        self.vacate(index);
        // SAFETY: given up to `pin`, and no longer in its slot.
        Some(unsafe { RRef::restore(object) })
    }
}
