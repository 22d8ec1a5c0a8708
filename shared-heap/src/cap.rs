//! Capability slots: trusted values that a domain may hold, and that are released when it dies.

use crate::class::{Place, place};
use crate::error::AllocError;
use crate::free_list::{CACHED, QUIESCED};
use crate::ledger::Load;
use crate::owner::Owner;
use crate::primitive::atomic::Ordering;
use crate::quota;
use crate::registry::{self, Walk};
use crate::slab::{self, Kind, Slab};
use crate::thread::{self, NoCut};
use core::fmt;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::{self, NonNull};

/// A value of the trusted side that domains hold by handle: a proxy, an MMIO region, a DMA buffer.
///
/// When its owner dies, `quiesce` is called on all its capabilities, then each is dropped, on
/// behalf of the host.
///
/// # Safety
/// `quiesce` and `Drop` are trusted code: they end in bounded time, do not panic, and run no code of
/// a domain. After `quiesce` nothing that the capability stands for writes memory. Objects of
/// the exchange heap that the value holds belong to [`Owner::HOST`]: a reclaim would else release
/// them a second time.
pub unsafe trait Capability: Send + 'static {
    /// What the capability is, for messages.
    const NAME: &'static str;

    /// Stops what the capability stands for (a device, a timer). Called before anything of a dead
    /// owner is released, possibly more than once.
    fn quiesce(&self) {}
}

/// How the heap treats the capabilities of one type.
struct Class {
    quiesce: unsafe fn(NonNull<u8>),
    drop: unsafe fn(NonNull<u8>),
}

#[repr(C)]
struct Slot<T> {
    class: &'static Class,
    value: T,
}

impl<T: Capability> Slot<T> {
    const PLACE: Place = place(size_of::<Self>(), align_of::<Self>());
    const SHIFT: u32 = match Self::PLACE {
        Place::Slot { shift } => shift,
        Place::Large => panic!("a capability is at most 16 KiB: put the rest behind a pointer"),
    };
    const CLASS: &'static Class = &Class {
        quiesce: |at| {
            // SAFETY: called by the heap on a slot of this class with a live value.
            unsafe { at.cast::<Self>().as_ref() }.value.quiesce();
        },
        drop: |at| {
            // SAFETY: called by the heap once, on a slot of this class with a live value.
            let value = unsafe { &raw mut (*at.cast::<Self>().as_ptr()).value };
            // SAFETY: as above.
            unsafe { ptr::drop_in_place(value) };
        },
    };
}

/// An owned handle on a capability: one pointer to a slot whose owner word names its holder.
pub struct Cap<T: Capability>(NonNull<Slot<T>>);

// SAFETY: a `Cap` owns its value, which is `Send`.
unsafe impl<T: Capability> Send for Cap<T> {}
// SAFETY: a shared `Cap` gives out `&T` only.
unsafe impl<T: Capability + Sync> Sync for Cap<T> {}

impl<T: Capability> Cap<T> {
    /// Bytes of its slot.
    pub const SLOT_BYTES: usize = 1 << Slot::<T>::SHIFT;

    /// Puts `value` into a slot owned by whom the thread runs for.
    ///
    /// # Errors
    /// Gives `value` back when the host is out of pages or the owner's quota is used up.
    pub fn try_new(value: T) -> Result<Self, (AllocError, T)> {
        let thread = thread::current();
        let owner = thread.owner();
        // SAFETY: the heap's own code, to the end of this block.
        let _no_cut = unsafe { NoCut::begin(thread) };
        // Held until the slot bears its owner's mark.
        let mut _grant = None;
        if quota::is_limited(owner) {
            _grant = quota::charge(owner, Load::one(Self::SLOT_BYTES));
            if _grant.is_none() {
                return Err((AllocError::Quota, value));
            }
        }
        // Nothing is taken out.
        let (slot, _) = registry::locked(|registry| registry.take(Kind::Caps, Slot::<T>::SHIFT));
        let Some(slot) = slot else {
            return Err((AllocError::OutOfMemory, value));
        };
        let class = Slot::<T>::CLASS;
        // SAFETY: the slot is free, ours, and of the size and alignment of `Slot<T>`.
        unsafe { slot.cast::<Slot<T>>().write(Slot { class, value }) };
        // SAFETY: a slot of a slab of that class. Released, so that a reclaim that sees the owner
        // sees the value too.
        unsafe { slab::slot_word(slot, Slot::<T>::SHIFT) }.store(owner.word(), Ordering::Release);
        Ok(Self(slot.cast()))
    }

    /// The value, taken out of its slot.
    ///
    /// # Safety
    /// The caller is trusted code of the host's side, which answers for the value from now on: a
    /// domain that took it out could die with it, and nothing would quiesce or release it.
    #[must_use]
    pub unsafe fn into_inner(self) -> T {
        let this = ManuallyDrop::new(self);
        // SAFETY: the handle owns the value and is forgotten, so it is read out once.
        let value = unsafe { &raw const (*this.0.as_ptr()).value };
        // SAFETY: as above.
        let value = unsafe { ptr::read(value) };
        // SAFETY: the value was moved out; nobody else refers to the slot.
        unsafe { put_back(this.0.cast(), Slot::<T>::SHIFT) };
        value
    }

    /// Changes the owner. One store.
    ///
    /// # Safety
    /// The caller moves the right to use the handle to `owner` in the same breath.
    #[inline]
    pub unsafe fn set_owner(&self, owner: Owner) {
        // SAFETY: a live handle's slot is of that class.
        unsafe { slab::slot_word(self.0.cast(), Slot::<T>::SHIFT) }
            .store(owner.word(), Ordering::Relaxed);
    }

    /// The owner of the slot.
    #[inline]
    #[must_use]
    pub fn owner(&self) -> Owner {
        // SAFETY: a live handle's slot is a live object at this place.
        unsafe { crate::heap::owner(self.0.cast(), Slot::<T>::PLACE) }
    }
}

impl<T: Capability> Deref for Cap<T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the handle owns the slot, which holds a value until it is dropped.
        unsafe { &self.0.as_ref().value }
    }
}

impl<T: Capability> Drop for Cap<T> {
    fn drop(&mut self) {
        let slot = self.0.cast();
        // As one for the host: who is cut between the two leaves the reclaim a value that is gone. So would a
        // panic: none is allowed in there, but what it led to is a second drop.
        let release = || {
            let _slot = Emptied(slot, Slot::<T>::SHIFT);
            // SAFETY: the handle owns the value, which is dropped here only.
            unsafe { drop_value(slot) };
        };
        // SAFETY: the destructor of a capability is trusted code (`Capability`).
        unsafe { thread::as_host(release) };
    }
}

impl<T: Capability> fmt::Debug for Cap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cap")
            .field("class", &T::NAME)
            .field("owner", &self.owner())
            .finish()
    }
}

/// Drops the value in a slot, on behalf of the host.
///
/// # Safety
/// `slot` is a capability slot with a live value that nobody uses or drops any more.
unsafe fn drop_value(slot: NonNull<u8>) {
    // SAFETY: a slot of a capability slab begins with its class.
    let class = unsafe { slot.cast::<&'static Class>().read() };
    // SAFETY: only called on a slot of the class with a live value, which this one has.
    let drop = || unsafe { (class.drop)(slot) };
    // SAFETY: the destructor of a capability is trusted code (`Capability`).
    unsafe { thread::as_host(drop) };
}

/// A slot, and its class, whose value is gone when this is dropped; it is put back then.
struct Emptied(NonNull<u8>, u32);

impl Drop for Emptied {
    fn drop(&mut self) {
        // SAFETY: a capability slot of that class; its value is gone, or its destructor gave up, and the handle
        // goes.
        unsafe { put_back(self.0, self.1) };
    }
}

/// # Safety
/// `slot` is a capability slot of that class whose value is gone, and nobody refers to it.
unsafe fn put_back(slot: NonNull<u8>, shift: u32) {
    registry::with(|registry| {
        // SAFETY: as the caller says.
        unsafe { slab::slot_word(slot, shift) }.store(CACHED, Ordering::Relaxed);
        // SAFETY: as the caller says.
        unsafe { registry.put(slot) };
    });
}

/// The most capabilities that are claimed at once.
const BATCH: usize = 256;

/// Claims all capabilities of `from` for `to` and calls `then` on each; returns how many there were.
/// The lock is held only for the search: `then` calls trusted code, which may use the heap.
fn claim_all(from: u32, to: u32, mut then: impl FnMut(NonNull<u8>)) -> usize {
    let mut batch = [NonNull::dangling(); BATCH];
    let (mut total, mut walk) = (0_usize, Walk::begin());
    loop {
        let mut places = batch.iter_mut();
        let mut take = |slot| places.next().map(|place| *place = slot).is_some();
        let goes_on =
            walk.piece(|registry, slab, at| registry.claim(slab, at, (from, to), &mut take));
        let count = BATCH.strict_sub(places.len());
        batch[..count].iter().copied().for_each(&mut then);
        total = total.saturating_add(count);
        if !goes_on {
            return total;
        }
    }
}

/// # Safety
/// As for [`crate::heap::reclaim`].
pub(crate) unsafe fn quiesce_all(owner: Owner) -> usize {
    claim_all(owner.word(), owner.word() | QUIESCED, |slot| {
        // SAFETY: a slot of a capability slab begins with its class.
        let class = unsafe { slot.cast::<&'static Class>().read() };
        // SAFETY: only called on a slot of the class with a live value, which this one has; its
        // owner, dead, does not use it.
        let quiesce = || unsafe { (class.quiesce)(slot) };
        // SAFETY: `quiesce` of a capability is trusted code (`Capability`).
        unsafe { thread::as_host(quiesce) };
    })
}

/// Returns how many there were, and the bytes of their slots.
///
/// # Safety
/// As for [`crate::heap::reclaim`], after [`quiesce_all`].
pub(crate) unsafe fn release_all(owner: Owner) -> (usize, usize) {
    let mut bytes = 0;
    // A claimed slot belongs to the host until it is put back: no second claim finds it.
    let count = claim_all(owner.word() | QUIESCED, Owner::HOST.word(), |slot| {
        // SAFETY: claimed from a capability slab, which lives while the slot is used.
        let size = unsafe { Slab::of_slot(slot) }.object_bytes();
        bytes = size.saturating_add(bytes);
        let _slot = Emptied(slot, size.trailing_zeros());
        // SAFETY: the value is live and nobody else drops it: its owner is dead, and its handle with it.
        unsafe { drop_value(slot) };
    });
    (count, bytes)
}
