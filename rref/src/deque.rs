//! `RRefDeque<T, N>`: a batch of `RRef`s that crosses a boundary at once.

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
/// A batch of plain values is handed over by one store, whatever its length, because its members belong to a group,
/// and only the group's owner changes. Members are visited one by one if their values hold `RRef`s themselves, or if
/// no group was left when the batch was made.
///
/// ```
/// use samara_rref::{RRef, RRefDeque};
/// # use samara_host_std as _;
/// let mut batch = RRefDeque::<[u8; 1500], 32>::new();
/// batch.push_back(RRef::new([0; 1500])).unwrap();
/// assert_eq!((batch.len(), batch.pop_front().unwrap()[0]), (1, 0));
/// ```
///
/// A batch goes into a domain, a driver for example, and comes back:
///
/// ```
/// use samara_domain_runtime::{Domain, DomainSpec, Mint};
/// use samara_host_std::runtime;
/// use samara_proxy::{Export, RpcError, interface};
/// use samara_rref::{RRef, RRefDeque};
/// # use samara_host_std::{DomainAlloc, System};
/// # #[global_allocator]
/// # static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);
///
/// type Batch = RRefDeque<[u8; 64], 32>;
///
/// #[interface]
/// trait Device {
///     fn send(&self, batch: Batch) -> Result<Batch, RpcError>;
/// }
///
/// struct Loop;
///
/// impl Device for Loop {
///     fn send(&self, mut batch: Batch) -> Result<Batch, RpcError> {
///         if let Some(mut first) = batch.pop_front() {
///             first[0] += 1;
///             batch.push_back(first).expect("it has just left");
///         }
///         Ok(batch)
///     }
/// }
///
/// let init = |()| Ok::<_, RpcError>(Loop);
/// let domain: Domain<dyn Device> =
///     runtime().spawn(DomainSpec::new("device"), init, Mint::nothing())?;
/// let device = domain.proxy()?;
///
/// let mut batch = Batch::try_new()?;
/// for number in 0..32 {
///     batch.push_back(RRef::new([number; 64])).expect("room for 32");
/// }
/// let refused = batch.push_back(RRef::new([32; 64])); // It is full: the object comes back.
/// assert_eq!(refused.unwrap_err()[0], 32);
///
/// let mut batch = device.send(batch)?; // 32 objects change hands by one store, twice.
/// assert_eq!(batch.len(), 32);
/// assert_eq!(batch.pop_front().map(|first| first[0]), Some(1));
/// assert_eq!(batch.pop_back().map(|last| last[0]), Some(1)); // The first, plus one.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RRefDeque<T: ?Sized + Target, const N: usize>(RRef<Batch<T, N>>);

/// The object of a batch on the heap. If it has a group, the members of the group are this object and those in `slots`.
struct Batch<T: ?Sized + Target, const N: usize> {
    ring: Ring,
    slots: [Option<RRef<T>>; N],
    // This is the last field, so it is dropped last: the group is closed after its members are dropped.
    group: OpenGroup,
}

/// The place of a member in a batch. Another object may take this place: see [`RRefDeque::trade_raw`]. Holds the
/// batch's group, or the running domain's owner if the batch has no group.
#[doc(hidden)]
#[derive(Debug)]
pub struct BatchSlot<T: ?Sized>(Result<Group, Owner>, PhantomData<fn(T)>);

impl<T: ?Sized + Target> BatchSlot<T> {
    /// Makes `object` a member of the batch's group, or the running domain's own if the batch has no group. One store.
    ///
    /// # Safety
    /// `object` is a live object at its place, and the caller puts it into the batch together with this call.
    #[inline]
    pub unsafe fn give(&self, object: NonNull<T>) {
        let (object, place) = (object.cast(), T::place_of(object));
        match self.0 {
            // SAFETY: a live object at its place, as the caller says. It leaves the batch only by `take` or is dropped
            // with the batch, in both cases before the group is closed (EXPORT-17).
            Ok(group) => unsafe { heap::join(object, place, group) },
            // SAFETY: a live object at its place, as the caller says. It goes to the running domain, which owns the
            // batch (OWN-1).
            Err(owner) => unsafe { heap::set_owner(object, place, owner) },
        }
    }
}

/// The group of a batch, which is closed with it. `None` if `T` is nested, or if no group was left.
struct OpenGroup(Option<Group>);

impl Drop for OpenGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // SAFETY: the group was opened for the batch whose last field this is, and has no member any more: the
            // members in `slots` were just dropped, and `RRefDeque`'s `Drop` has taken the batch itself out of the
            // group (EXPORT-17).
            unsafe { group::close(group) };
        }
    }
}

// SAFETY: a batch holds only its members, which are visited. `RRefDeque`, the only type that holds a batch, sets the
// owner of the group (CROSS-1, EXPORT-17).
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
    /// Makes an empty batch, owned by the running domain. Cost: an allocation, and a lock for the group.
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
            // SAFETY: the group and the batch both belong to the owner on whose behalf the thread runs. The batch
            // leaves the group in `drop`, before the group is closed (EXPORT-17).
            unsafe { RRef::join(&batch, group) };
        }
        Ok(Self(batch))
    }

    /// Makes an empty batch, owned by the running domain.
    ///
    /// # Panics
    /// If the heap has no room or the domain's quota is used up.
    #[must_use]
    pub fn new() -> Self {
        Self::try_new().unwrap_or_else(|error| no_room(error))
    }

    /// Returns the number of its members.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.ring.len()
    }

    /// Whether it has no members.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it has no room for another member.
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len() == N
    }

    /// Returns the number of members that it can hold.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    /// Appends `object` behind the last member.
    ///
    /// # Errors
    /// Returns `object` if the batch is full.
    #[inline]
    pub fn push_back(&mut self, object: RRef<T>) -> Result<(), RRef<T>> {
        match self.0.ring.push_back(N) {
            Some(at) => self.put(at, object),
            None => return Err(object),
        }
        Ok(())
    }

    /// Puts `object` before the first member.
    ///
    /// # Errors
    /// Returns `object` if the batch is full.
    #[inline]
    pub fn push_front(&mut self, object: RRef<T>) -> Result<(), RRef<T>> {
        match self.0.ring.push_front(N) {
            Some(at) => self.put(at, object),
            None => return Err(object),
        }
        Ok(())
    }

    /// Takes out the first member.
    #[inline]
    pub fn pop_front(&mut self) -> Option<RRef<T>> {
        let at = self.0.ring.pop_front(N)?;
        self.take(at)
    }

    /// Takes out the last member.
    #[inline]
    pub fn pop_back(&mut self) -> Option<RRef<T>> {
        let at = self.0.ring.pop_back(N)?;
        self.take(at)
    }

    /// Returns the member at `index`, to be read or lent.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&RRef<T>> {
        self.0.slots.get(self.0.ring.at(index, N)?)?.as_ref()
    }

    /// Returns the value at `index` for writing. It does not return the `RRef`, which could be swapped with one of
    /// another group.
    #[inline]
    #[must_use]
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let at = self.0.ring.at(index, N)?;
        self.0.slots.get_mut(at)?.as_deref_mut()
    }

    /// Replaces the member at `index` by `object`, and returns that member.
    ///
    /// # Errors
    /// Returns `object` if there is no member at `index`.
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

    /// Passes its members to `trade`, from the first on, until `trade` returns `None`. An object that `trade` returns
    /// takes the place of the member that it was passed. Returns the number of members that were traded. For trusted
    /// crates.
    ///
    /// # Safety
    /// If `trade` returns an object, that object is given up as by [`RRef::into_raw`], and was made a member by
    /// [`BatchSlot::give`]. In return, `trade` has taken over the member that it was passed and has set the owner of
    /// that member.
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
                // SAFETY: the object was given up to this batch, as the caller says (OWN-2).
                let object = unsafe { RRef::restore(object) };
                mem::forget(mem::replace(slot, object));
                traded = traded.wrapping_add(1);
            }
        }
        traded
    }

    /// Returns all members, from the first to the last.
    pub fn iter(&self) -> impl Iterator<Item = &RRef<T>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Hands over the batch and every member, one by one. Takes a pointer to the batch on the heap, and not a reference
    /// to the `RRefDeque`, so that the compiler can keep the deque in registers: see
    /// `samara_domain_runtime::call::slow_path_copy`.
    ///
    /// # Safety
    /// `batch` is a live batch. The caller transfers the right to use it and its members to `to` together with this
    /// call.
    #[cold]
    #[inline(never)]
    unsafe fn give_each(batch: NonNull<Batch<T, N>>, to: Owner) {
        // SAFETY: the caller's batch is alive. This second `RRef` only reads it, and is not dropped (OWN-2).
        let batch = ManuallyDrop::new(unsafe { RRef::restore(batch) });
        // SAFETY: upheld by the caller.
        batch.transfer(&unsafe { Transfer::to(to) });
    }

    #[inline]
    fn put(&mut self, at: usize, object: RRef<T>) {
        if let Some(group) = self.0.group.0 {
            // SAFETY: the object and the batch both belong to the running domain. The object leaves the batch only by
            // `take` or is dropped with the batch, in both cases before the group is closed (EXPORT-17).
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
            // SAFETY: all members are in the batch's group (EXPORT-17).
            unsafe { RRef::leave(&object, group) };
        }
        Some(object)
    }
}

impl<T: ?Sized + Target, const N: usize> Drop for RRefDeque<T, N> {
    fn drop(&mut self) {
        if let Some(group) = self.0.group.0 {
            // SAFETY: the batch joined the group when it was made (EXPORT-17).
            unsafe { RRef::leave(&self.0, group) };
        }
    }
}

// SAFETY: the batch and its members belong to the group, whose owner `transfer` sets. Without a group, `transfer`
// visits the batch and each member. Dropping the deque only drops its members (CROSS-1, EXPORT-17).
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
                // SAFETY: the group is the batch's own, and its members are only the batch and the batch's members
                // (EXPORT-17).
                unsafe { to.group(group) };
            }
            // SAFETY: the creator of `to` vouches that everything to which it is applied now moves to its owner
            // (OWN-3).
            None if !to.weighs() => unsafe { Self::give_each(self.0.address(), to.owner()) },
            _ => self.0.transfer(to),
        }
    }
}

// SAFETY: a shared reference leads only to shared references to the members, which may be lent for the same reason. The
// batch lies on the exchange heap and holds nothing private (CROSS-7).
unsafe impl<T: ?Sized + Target + Sync, const N: usize> Lend for RRefDeque<T, N> {
    const DESCRIPTOR: TypeDescriptor = <Self as Exchangeable>::DESCRIPTOR;
}

/// Makes an empty batch; panics as [`RRefDeque::new`].
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
