//! A ring of descriptors of 16 bytes, completed in order, and the objects that they point to.

use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::{Ordering, fence};

use samara_rref::{BatchSlot, Exchangeable, RRef, RRefDeque};
use samara_shared_heap::Owner;

use super::core::Core;
use super::positions::Positions;
use crate::dma::{Held, Memory, Refused, Slots, locate};
use crate::error::{Damage, QueueError};
use crate::pci::PciFunction;
use crate::table::step::Known;
use crate::table::{Direction, Queue, RingFormat, Table};

/// Queue `Q` of device `D`'s table: a ring of descriptors, with objects `T`. Its memory and the objects in it belong
/// to the claim: dropping the ring releases nothing.
///
/// A queue of another format can't be used as a ring, and an object that owns other objects can't go into one:
///
/// ```compile_fail,E0080
/// # use samara_device_io::PciFunction;
/// # use samara_device_io::queue::{QueueError, Ring};
/// # use samara_device_tables::Nvme;
/// type New = fn(&PciFunction<Nvme>) -> Result<Ring<Nvme, { Nvme::IO }, [u8; 64]>, QueueError>;
/// let new: New = |function| Ring::new(function, 1, 8, 0);
/// ```
///
/// ```compile_fail,E0080
/// # use samara_device_io::PciFunction;
/// # use samara_device_io::queue::{QueueError, Ring};
/// # use samara_device_tables::Ixgbe;
/// # use samara_rref::RRef;
/// type Nested = (RRef<u64>, [u8; 64]);
/// type New = fn(&PciFunction<Ixgbe>) -> Result<Ring<Ixgbe, { Ixgbe::TX }, Nested>, QueueError>;
/// let new: New = |function| Ring::new(function, 1, 8, 0);
/// ```
pub struct Ring<D, const Q: usize, T> {
    core: Core,
    slots: Slots<T>,
    positions: Positions,
    /// Set while an [`OpenRing`] holds the current positions. It stays set if the `OpenRing` was forgotten, because
    /// then the positions are lost.
    is_open: bool,
    /// The difference between bus addresses and memory addresses, if it is the same for all memory.
    linear: Option<u64>,
    _device: PhantomData<fn() -> D>,
}

/// What the device reports about an object that it is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The descriptor's second quadword, as the device wrote it back.
    pub word: u64,
    written: u32,
    buffer: usize,
}

impl Done {
    /// Returns the number of bytes that the device says it has written. The buffer has at least as many bytes.
    ///
    /// # Errors
    ///
    /// [`Damage`].
    #[inline]
    pub fn written(self) -> Result<usize, Damage> {
        let length = (self.word >> self.written & 0xFFFF) as usize;
        match length {
            0 => Err(Damage::Empty),
            _ if length > self.buffer => Err(Damage::Length),
            _ => Ok(length),
        }
    }
}

impl<D: Table, const Q: usize, T: Exchangeable> Ring<D, Q, T> {
    const QUEUE: &'static Queue = &D::QUEUES[Q];
    const FORMAT: RingFormat = *Self::QUEUE.ring();

    /// Makes queue `number`, of `entries` descriptors, which is a power of two. If the device writes the objects,
    /// `buffer` is the length of each object's buffer.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; [`Taken`](QueueError::Taken) if the claim already has this queue.
    pub fn new(
        function: &PciFunction<D>,
        number: u16,
        entries: u32,
        buffer: usize,
    ) -> Result<Self, QueueError> {
        let positions = Positions::new(entries).ok_or(QueueError::BadLength)?;
        let (least, most) = Self::FORMAT.bytes;
        let writes = Self::FORMAT.direction == Direction::ToHost;
        if writes && !((least..=most).contains(&buffer) && buffer.is_multiple_of(least)) {
            return Err(QueueError::BadLength);
        }
        let count = entries as usize;
        let (pins, slots) = Slots::new(count).map_err(QueueError::Alloc)?;
        let known = Known::of(number, entries, buffer);
        // 16 bytes for each descriptor, then 4 for each batch end (`end_of`). No device is told of the batch ends.
        let core = Core::new(function, Q, known, count * 20, [0; 3], Held::Pins(pins))?;
        Ok(Self {
            core,
            slots,
            positions,
            is_open: false,
            linear: function.linear(),
            _device: PhantomData,
        })
    }

    /// Starts the queue by its table's steps. The queue must be empty. The device begins at the first descriptor.
    /// `chosen` are the bits that the steps leave to the driver.
    ///
    /// # Errors
    ///
    /// [`QueueError`].
    pub fn start(&mut self, function: &PciFunction<D>, chosen: u64) -> Result<(), QueueError> {
        if self.is_open {
            return Err(QueueError::Forgotten);
        }
        let positions = &mut self.positions;
        let restart = |core: &Core| {
            let is_empty = positions.restart();
            let entries = if is_empty { core.known.entries } else { 0 };
            // SAFETY: these are the descriptors, and the queue doesn't run (`Core::begin`) (DEV-11).
            unsafe { core.memory.clear(0, entries as usize * 16) };
            is_empty
        };
        self.core.start(function, Self::QUEUE, chosen, restart)
    }

    /// Stops the queue by its table's steps. The steps end when the device has finished the accesses that it had
    /// begun. If the device only reads the ring's objects, the ring must be empty.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; then the device may still use the queue until the device is reset.
    pub fn stop(&mut self, function: &PciFunction<D>) -> Result<(), QueueError> {
        if self.core.running(function).is_ok() {
            if self.is_open {
                return Err(QueueError::Forgotten);
            }
            if Self::FORMAT.direction == Direction::ToDevice && self.held() != 0 {
                return Err(QueueError::NotEmpty);
            }
        }
        self.core.stop(function, Self::QUEUE)
    }

    /// Returns the greatest number of objects that the ring can hold.
    pub fn capacity(&self) -> u32 {
        self.core.known.entries - 1
    }

    /// Returns the number of objects in the ring. It counts objects that the device has, and done objects that were
    /// not taken.
    pub fn held(&self) -> u32 {
        self.positions.held()
    }

    /// Opens the queue for a batch of work.
    ///
    /// The function must belong to the domain that the thread runs for. The borrow of the function keeps it with that
    /// domain as long as the ring is open. Taking an object over, or giving it back, takes two steps. A death between
    /// them ends the claim before it releases the domain's objects, so the object is freed exactly once.
    ///
    /// # Errors
    ///
    /// [`QueueError::Foreign`] if `function` isn't the ring's, or doesn't belong to the running domain;
    /// [`QueueError::Forgotten`] if an earlier [`OpenRing`] was forgotten.
    #[inline]
    pub fn open<'r>(
        &'r mut self,
        function: &'r PciFunction<D>,
    ) -> Result<OpenRing<'r, D, Q, T>, QueueError> {
        let owner = self.core.own(function)?;
        // Safe code may forget an `OpenRing`: `positions` then still has the values from before the ring was opened.
        if self.is_open {
            return Err(QueueError::Forgotten);
        }
        self.is_open = true;
        Ok(OpenRing {
            positions: self.positions,
            memory: self.core.memory,
            slots: self.slots,
            linear: self.linear,
            buffer: self.core.known.buffer,
            ring: self,
            function,
            owner,
        })
    }
}

impl<D, const Q: usize, T> fmt::Debug for Ring<D, Q, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ring({})", self.core.known.number)
    }
}

/// A ring opened for a batch of work. While it is open, the claim is alive and belongs to the driver's domain. It
/// copies the fields that each put and take needs, so that the compiler can keep them in registers.
pub struct OpenRing<'r, D, const Q: usize, T> {
    positions: Positions,
    memory: Memory,
    slots: Slots<T>,
    linear: Option<u64>,
    buffer: usize,
    ring: &'r mut Ring<D, Q, T>,
    function: &'r PciFunction<D>,
    owner: Owner,
}

impl<D, const Q: usize, T> Drop for OpenRing<'_, D, Q, T> {
    #[inline]
    fn drop(&mut self) {
        self.ring.positions = self.positions;
        self.ring.is_open = false;
    }
}

impl<D: Table, const Q: usize, T: Exchangeable> OpenRing<'_, D, Q, T> {
    const FORMAT: RingFormat = Ring::<D, Q, T>::FORMAT;

    /// Returns how many objects can be put in.
    #[inline]
    pub fn room(&self) -> usize {
        self.positions.room() as usize
    }

    /// Returns the descriptor's two quadwords for the bytes `chosen` of `object`.
    #[inline]
    fn describe(&self, object: usize, chosen: &mut [u8]) -> Result<[u64; 2], Refused> {
        let (bus, length) = locate::<D, T>(self.function, self.linear, object, chosen)?;
        // The length that the device is told always fits the descriptor's field (`lint`).
        let (least, most, stated) = match Self::FORMAT.direction {
            Direction::ToHost => (self.buffer, usize::MAX, self.buffer),
            Direction::ToDevice => (Self::FORMAT.bytes.0, Self::FORMAT.bytes.1, length),
        };
        if length < least || length > most {
            return Err(Refused::Empty);
        }
        let mut word = Self::FORMAT.fixed;
        for field in Self::FORMAT.lengths {
            word |= (stated as u64) << field;
        }
        Ok([bus, word])
    }

    /// Puts an object in. If the device reads the ring's objects, it reads the bytes that `bytes` chooses. If it
    /// writes them, it writes from the first chosen byte on. [`publish`](Self::publish) tells the device of it.
    ///
    /// # Errors
    ///
    /// Each error gives the object back. [`Refused::Empty`] if the chosen bytes are too few, too many or outside the
    /// object; another [`Refused`] if the ring is full or the device can't reach the bytes.
    #[inline]
    pub fn put(
        &mut self,
        mut object: RRef<T>,
        bytes: impl FnOnce(&mut T) -> &mut [u8],
    ) -> Result<(), (Refused, RRef<T>)> {
        let start = (&raw const *object).addr();
        let words = match self.describe(start, bytes(&mut object)) {
            Ok(words) => words,
            Err(refused) => return Err((refused, object)),
        };
        match self.positions.fill() {
            Some(index) => self.pin(index, RRef::into_raw(object), words),
            None => return Err((Refused::Full, object)),
        }
        Ok(())
    }

    /// Pins `object` at `index` and writes its descriptor.
    #[inline]
    fn pin(&mut self, index: u32, object: NonNull<T>, words: [u64; 2]) {
        // SAFETY: `Positions` gives indexes below `entries`, of descriptors that hold nothing. The claim lives as
        // long as `self.function` is borrowed, and is the running domain's (`open`). The caller gave the object up
        // (DEV-22).
        unsafe { self.slots.pin(index, object) };
        self.store(index, words);
    }

    /// Trades members of `batch` one by one, from the first on, for objects that are done. Returns how many were
    /// traded. Each member goes into the ring as by [`put`](Self::put). An object comes out as by
    /// [`take`](Self::take), and gets the member's place in the batch. A trade takes half the steps of a put and a
    /// take. Trading ends when the batch or the done objects run out, when `prepare` returns false, or when a member
    /// is refused.
    ///
    /// `bytes` chooses bytes of the member that is to go in, as in [`put`](Self::put). `prepare` gets the device's
    /// report, the object that is to come out, and the chosen bytes. It returns whether the trade is to be made.
    #[inline]
    pub fn trade<const N: usize>(
        &mut self,
        batch: &mut RRefDeque<T, N>,
        mut prepare: impl FnMut(Done, &mut T, &mut [u8]) -> bool,
        mut bytes: impl FnMut(&mut T) -> &mut [u8],
    ) -> usize {
        let one = |mut former: NonNull<T>, seat: BatchSlot<T>| {
            let done = self.done()?;
            // SAFETY: the index is below `entries`; the claim lives as long as `self.function` is borrowed.
            let mut object = unsafe { self.slots.pinned(self.positions.oldest()?) }?;
            // SAFETY: the device is done with the object, so it is a live object that nobody refers to. It stays
            // pinned until after `prepare`, which may panic (DEV-9).
            let out = unsafe { object.as_mut() };
            if Self::FORMAT.direction == Direction::ToHost {
                prefetch(out);
            }
            // SAFETY: a member of the batch, which is borrowed mutably; nobody else uses it before this closure
            // returns.
            let into = unsafe { former.as_mut() };
            let chosen = bytes(into);
            if !prepare(done, out, chosen) {
                return None;
            }
            let words = self.describe(former.addr().get(), chosen).ok()?;
            let (taken, filled) = self.positions.trade()?;
            // SAFETY: a live object. It is in the batch from here on, and out of the ring once its slot is vacated,
            // which comes next (OWN-2).
            unsafe { seat.give(object) };
            // SAFETY: the index is below `entries`; the claim lives, as above.
            unsafe { self.slots.vacate(taken) };
            self.pin(filled, former, words);
            Some(object)
        };
        // SAFETY: the object that comes out was pinned and no longer is; the one that goes in is pinned and belongs
        // to the host (DEV-22).
        unsafe { batch.trade_raw(one) }
    }

    /// Writes a descriptor. The device doesn't look at the descriptor before it is published.
    #[inline]
    fn store(&mut self, index: u32, [first, second]: [u64; 2]) {
        let at = index as usize * 16;
        // SAFETY: `Positions` gives indexes below `entries`, the number of descriptors.
        unsafe { self.memory.store(at, first.to_le()) };
        // SAFETY: the second quadword of the same descriptor.
        unsafe { self.memory.store(at + 8, second.to_le()) };
    }

    /// Reads quadword `word`, 0 or 1, of a descriptor. Everything that the device wrote before this quadword is
    /// visible afterwards.
    #[inline]
    fn load(&self, index: u32, word: usize) -> u64 {
        let at = (index & self.positions.mask) as usize * 16 + word * 8;
        // SAFETY: the index is masked to below `entries`, a power of two; `word` is one of the descriptor's two
        // quadwords.
        let value = u64::from_le(unsafe { self.memory.load(at) });
        fence(Ordering::Acquire);
        value
    }

    /// Returns the place, behind the descriptors, of a batch's end: the index of the last descriptor that was
    /// published together with `first`.
    #[inline]
    fn end_of(&self, first: u32) -> usize {
        let mask = self.positions.mask;
        (mask as usize + 1) * 16 + (first & mask) as usize * 4
    }

    /// Tells the device of all objects that were put in since the last call. If the device does not report each
    /// object, asks it for one report when all these objects are done. Costs one register write if anything was put
    /// in; does nothing if the queue doesn't run.
    #[inline]
    pub fn publish(&mut self) {
        if !self.ring.core.runs(self.function) {
            return;
        }
        let Some((first, last)) = self.positions.publish() else {
            return;
        };
        if Self::FORMAT.report != 0 {
            let words = [self.load(last, 0), self.load(last, 1)];
            self.store(last, [words[0], words[1] | Self::FORMAT.report]);
            // SAFETY: only the ring uses the batch ends; no device is told of them.
            unsafe { self.memory.store(self.end_of(first), last) };
        }
        if let Some(doorbell) = &self.ring.core.doorbell {
            // SAFETY: every descriptor before the tail is filled, with memory that stays pinned until the device is
            // done with it (DEV-9, DEV-12).
            unsafe { doorbell.ring(self.positions.tail()) };
        }
    }

    /// Returns the device's report on the next object that it is done with. [`take`](Self::take) may then take that
    /// object.
    #[inline]
    pub fn done(&mut self) -> Option<Done> {
        let word = if Self::FORMAT.report != 0 {
            if self.positions.ready() == 0 {
                // SAFETY: only the ring writes the batch ends.
                let end = unsafe { self.memory.load(self.end_of(self.positions.pending()?)) };
                if self.load(end, 1) & Self::FORMAT.done == 0 || !self.positions.complete(end) {
                    return None;
                }
            }
            Self::FORMAT.done
        } else if let Some(index) = self.positions.oldest() {
            self.load(index, 1)
        } else {
            let index = self.positions.pending()?;
            let word = self.load(index, 1);
            if word & Self::FORMAT.done != 0 {
                self.positions.complete(index);
            }
            word
        };
        let (written, buffer) = (Self::FORMAT.written, self.buffer);
        let done = Done {
            word,
            written,
            buffer,
        };
        (word & Self::FORMAT.done != 0).then_some(done)
    }

    /// Takes out the oldest object that is [`done`](Self::done).
    #[inline]
    pub fn take(&mut self) -> Option<RRef<T>> {
        let index = self.positions.take()?;
        // SAFETY: the index is below `entries`; the claim lives, and is the running domain's (`open`); the device is
        // done with the object (DEV-22).
        unsafe { self.slots.take(index, self.owner) }
    }

    /// Whether the device is done with a later object but not with the next one. Then the device's report on the next
    /// object is lost or comes late. Looks at every descriptor in use.
    pub fn is_out_of_order(&self) -> bool {
        let Some(next) = self.positions.pending() else {
            return false;
        };
        let done =
            |distance: u32| self.load(next.wrapping_add(distance), 1) & Self::FORMAT.done != 0;
        !done(0) && (1..self.positions.held()).any(done)
    }

    /// Takes an object out of a queue that doesn't run. Such a queue was never started or was stopped, or its device
    /// was reset or silenced since its start.
    pub fn take_back(&mut self) -> Option<RRef<T>> {
        if self.ring.core.is_in_use(self.function) {
            return None;
        }
        self.positions.complete_all();
        self.take()
    }
}

impl<D, const Q: usize, T> fmt::Debug for OpenRing<'_, D, Q, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenRing({:?})", self.positions)
    }
}

/// Prefetches the first cache line of `object`. A driver stores a packet's length there. The line has left the cache
/// since the object went into the ring, and without the prefetch that store would stall those behind it.
#[inline]
fn prefetch<T>(object: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: only a hint, and the address is valid.
        unsafe { _mm_prefetch::<_MM_HINT_T0>((&raw const *object).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = object;
}
