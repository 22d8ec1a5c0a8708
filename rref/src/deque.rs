//! `RRefDeque<T, N>`: a batch of `RRef`s that crosses at once.

use crate::descriptor::Shape;
use crate::ring::Ring;
use crate::rref::no_room;
use crate::{Exchangeable, Lend, RRef, Target, Transfer, TypeDescriptor};
use core::fmt;
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::ptr::NonNull;
use samara_shared_heap::group::{self, Group};
use samara_shared_heap::{AllocError, Owner, heap, thread};

/// A double-ended queue of at most `N` `RRef<T>`s, one pointer wide.
///
/// A batch of plain values is handed over by one store, however many there are: its members belong to
/// a group, and the group to its owner. Values that hold `RRef`s themselves are visited one by one.
///
/// ```
/// use samara_rref::{RRef, RRefDeque};
/// # use samara_host_std as _;
/// let mut batch = RRefDeque::<[u8; 1500], 32>::new();
/// batch.push_back(RRef::new([0; 1500])).unwrap();
/// assert_eq!((batch.len(), batch.pop_front().unwrap()[0]), (1, 0));
/// ```
pub struct RRefDeque<T: ?Sized + Target, const N: usize>(RRef<Batch<T, N>>);

/// What stands on the heap. Only members of `slots` are in the group, and the batch itself.
struct Batch<T: ?Sized + Target, const N: usize> {
    ring: Ring,
    slots: [Option<RRef<T>>; N],
    // Last: closed when its members are gone.
    group: OpenGroup,
}

/// A place in a batch, to be taken by another object than the one that has it: see
/// [`RRefDeque::trade_raw`].
#[doc(hidden)]
#[derive(Debug)]
pub struct BatchSlot<T: ?Sized>(Result<Group, Owner>, PhantomData<fn(T)>);

impl<T: ?Sized + Target> BatchSlot<T> {
    /// Makes `object` the batch's: a member of its group, or the running domain's. One store.
    ///
    /// # Safety
    /// A live object at its place, which goes into the batch in the same breath.
    #[inline]
    pub unsafe fn give(&self, object: NonNull<T>) {
        let (object, place) = (object.cast(), T::place_of(object));
        match self.0 {
            // SAFETY: the caller's object; the batch lets it go only by `take` or with itself, before the
            // group is closed.
            Ok(group) => unsafe { heap::join(object, place, group) },
            // SAFETY: the caller's object; it goes to the running domain, as the batch does not name one.
            Err(owner) => unsafe { heap::set_owner(object, place, owner) },
        }
    }
}

/// A group that is closed with the batch; none if `T` is nested, or all were open.
struct OpenGroup(Option<Group>);

impl Drop for OpenGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // SAFETY: opened for the batch that this is the last field of: its members have just been
            // dropped; the batch's own slot, whose word names the group, is about to be freed, and
            // `RRefDeque`'s `Drop` has taken it out of the group.
            unsafe { group::close(group) };
        }
    }
}

// SAFETY: all that a batch holds are its members, which are visited; the group's owner is set by
// `RRefDeque`, the only one who has a batch.
unsafe impl<T: ?Sized + Target, const N: usize> Exchangeable for Batch<T, N> {
    const NESTED: bool = true;
    const DEPTH: usize = <RRef<T> as Exchangeable>::DEPTH;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::shaped::<Self>(
        "batch",
        Shape::Array {
            element: &<RRef<T> as Exchangeable>::DESCRIPTOR,
            len: N,
        },
    );
    fn transfer(&self, to: &Transfer) {
        self.slots
            .iter()
            .flatten()
            .for_each(|member| member.transfer(to));
    }
}

impl<T: ?Sized + Target, const N: usize> RRefDeque<T, N> {
    /// An empty one, owned by the running domain. Cost: an allocation, and a lock for the group.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_new() -> Result<Self, AllocError> {
        let batch = Batch {
            ring: Ring::EMPTY,
            slots: [const { None }; N],
            group: OpenGroup(None),
        };
        let mut batch = RRef::try_new(batch).map_err(|(error, _)| error)?;
        if !T::NESTED
            && let Some(group) = group::open()
        {
            batch.group = OpenGroup(Some(group));
            // SAFETY: the group was opened for whom the thread runs for, as was the batch, which
            // leaves it in `drop` before it is closed.
            unsafe { RRef::join(&batch, group) };
        }
        Ok(Self(batch))
    }

    /// An empty one, owned by the running domain.
    ///
    /// # Panics
    /// If the heap has no room or the domain's quota is used up.
    #[must_use]
    pub fn new() -> Self {
        Self::try_new().unwrap_or_else(|error| no_room(error))
    }

    /// How many it holds.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.ring.len()
    }

    /// Whether it holds none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room for another.
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len() == N
    }

    /// How many it can hold.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    /// Puts `object` behind the last.
    ///
    /// # Errors
    /// Gives `object` back when it is full.
    #[inline]
    pub fn push_back(&mut self, object: RRef<T>) -> Result<(), RRef<T>> {
        match self.0.ring.push_back(N) {
            Some(at) => self.put(at, object),
            None => return Err(object),
        }
        Ok(())
    }

    /// Puts `object` before the first.
    ///
    /// # Errors
    /// Gives `object` back when it is full.
    #[inline]
    pub fn push_front(&mut self, object: RRef<T>) -> Result<(), RRef<T>> {
        match self.0.ring.push_front(N) {
            Some(at) => self.put(at, object),
            None => return Err(object),
        }
        Ok(())
    }

    /// Takes the first out.
    #[inline]
    pub fn pop_front(&mut self) -> Option<RRef<T>> {
        let at = self.0.ring.pop_front(N)?;
        self.take(at)
    }

    /// Takes the last out.
    #[inline]
    pub fn pop_back(&mut self) -> Option<RRef<T>> {
        let at = self.0.ring.pop_back(N)?;
        self.take(at)
    }

    /// The one at `index`, to look at or to lend.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&RRef<T>> {
        self.0.slots.get(self.0.ring.at(index, N)?)?.as_ref()
    }

    /// The value at `index`. Not the `RRef`: it could be swapped with one of another group.
    #[inline]
    #[must_use]
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let at = self.0.ring.at(index, N)?;
        self.0.slots.get_mut(at)?.as_deref_mut()
    }

    /// Puts `object` in the place of the one at `index`, and gives that one out.
    ///
    /// # Errors
    /// Gives `object` back when there's none at `index`.
    #[inline]
    pub fn replace(&mut self, index: usize, object: RRef<T>) -> Result<RRef<T>, RRef<T>> {
        let Some(at) = self.0.ring.at(index, N) else {
            return Err(object);
        };
        match self.take(at) {
            Some(former) => {
                self.put(at, object);
                Ok(former)
            }
            None => Err(object),
        }
    }

    /// Shows its members to `trade`, from the first on, until it returns none; what it returns takes the
    /// member's place. How many it has traded. For crates of the trusted side.
    ///
    /// # Safety
    /// Where `trade` returns an object, that is given up as by [`RRef::into_raw`] and was made a member by the
    /// [`BatchSlot`]; and it has taken over the member that it was shown, and named its owner.
    #[doc(hidden)]
    #[inline]
    pub unsafe fn trade_raw(
        &mut self,
        mut trade: impl FnMut(NonNull<T>, BatchSlot<T>) -> Option<NonNull<T>>,
    ) -> usize {
        let Batch { ring, slots, group } = &mut *self.0;
        let home = match group.0 {
            Some(group) => Ok(group),
            None => Err(thread::current().owner()),
        };
        let mut traded = 0;
        let (first, second) = ring.halves(N);
        for range in [first, second] {
            let Some(part) = slots.get_mut(range) else {
                break;
            };
            for slot in part.iter_mut().flatten() {
                let Some(object) = trade(slot.address(), BatchSlot(home, PhantomData)) else {
                    return traded;
                };
                // SAFETY: given up to this.
                let object = unsafe { RRef::restore(object) };
                mem::forget(mem::replace(slot, object));
                traded = traded.wrapping_add(1);
            }
        }
        traded
    }

    /// All, from first to last.
    pub fn iter(&self) -> impl Iterator<Item = &RRef<T>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Hands over the batch and every member, one by one. Takes the address of nothing that changes hands: see
    /// `samara_domain_runtime::call::spilled`.
    ///
    /// # Safety
    /// The batch, alive, and its members move to `to` in the same breath.
    #[cold]
    #[inline(never)]
    unsafe fn give_each(batch: NonNull<Batch<T, N>>, to: Owner) {
        // SAFETY: the caller's batch, looked at: it is not dropped here.
        let batch = ManuallyDrop::new(unsafe { RRef::restore(batch) });
        // SAFETY: the caller's.
        batch.transfer(&unsafe { Transfer::to(to) });
    }

    #[inline]
    fn put(&mut self, at: usize, object: RRef<T>) {
        if let Some(group) = self.0.group.0 {
            // SAFETY: the object and the batch are the running domain's; the batch lets it go only
            // by `take` or with itself, before the group is closed.
            unsafe { RRef::join(&object, group) };
        }
        if let Some(slot) = self.0.slots.get_mut(at) {
            *slot = Some(object);
        }
    }

    #[inline]
    fn take(&mut self, at: usize) -> Option<RRef<T>> {
        let object = self.0.slots.get_mut(at)?.take()?;
        if let Some(group) = self.0.group.0 {
            // SAFETY: all members are in the batch's group.
            unsafe { RRef::leave(&object, group) };
        }
        Some(object)
    }
}

impl<T: ?Sized + Target, const N: usize> Drop for RRefDeque<T, N> {
    fn drop(&mut self) {
        if let Some(group) = self.0.group.0 {
            // SAFETY: the batch joined it when it was made.
            unsafe { RRef::leave(&self.0, group) };
        }
    }
}

// SAFETY: the batch and its members belong to the group, which is what changes hands; without one,
// each is visited. Dropping it drops its members.
unsafe impl<T: ?Sized + Target, const N: usize> Exchangeable for RRefDeque<T, N> {
    const NESTED: bool = true;
    const DEPTH: usize = 1 + <Batch<T, N> as Exchangeable>::DEPTH;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::shaped::<Self>(
        "RRefDeque",
        Shape::Pointer(&<Batch<T, N> as Exchangeable>::DESCRIPTOR),
    );
    #[inline(always)]
    fn transfer(&self, to: &Transfer) {
        match self.0.group.0 {
            Some(group) if !to.weighs() => {
                // SAFETY: the batch's own group; its members are only the batch and what is in it.
                unsafe { to.group(group) };
            }
            // SAFETY: whoever made `to` vouches that all of it moves to its owner now.
            None if !to.weighs() => unsafe { Self::give_each(self.0.address(), to.owner()) },
            _ => self.0.transfer(to),
        }
    }
}

// SAFETY: what is reached through a shared reference are shared references to its members, which may
// be lent for the same reason; the batch lies on the exchange heap and holds nothing private.
unsafe impl<T: ?Sized + Target + Sync, const N: usize> Lend for RRefDeque<T, N> {
    const DESCRIPTOR: TypeDescriptor = <Self as Exchangeable>::DESCRIPTOR;
}

/// Panics as [`RRefDeque::new`].
impl<T: ?Sized + Target, const N: usize> Default for RRefDeque<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: ?Sized + Target + fmt::Debug, const N: usize> fmt::Debug for RRefDeque<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: ?Sized + Target + PartialEq, const N: usize> PartialEq for RRefDeque<T, N> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<T: ?Sized + Target + Eq, const N: usize> Eq for RRefDeque<T, N> {}
