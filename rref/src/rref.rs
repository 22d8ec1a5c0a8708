//! `RRef<T>` itself: one pointer to the value.

use crate::descriptor::Shape;
use crate::exchangeable::MAX_DEPTH;
use crate::{Exchangeable, Lend, Scratch, Transfer, TypeDescriptor};
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};
use samara_shared_heap::class::{self, Place};
use samara_shared_heap::group::{self, Group};
use samara_shared_heap::{AllocError, Owner, heap};
use zerocopy::FromZeros;

/// What an `RRef` may point to: an [`Exchangeable`] type, or a slice of one.
///
/// # Safety
/// [`place_of`](Self::place_of) is where the value was allocated; [`transfer_value`](Self::transfer_value)
/// visits all of it.
pub unsafe trait Target: Send + 'static {
    /// Whether the value itself holds `RRef`s or capabilities.
    const NESTED: bool;
    /// How deeply values nest in it.
    const DEPTH: usize;
    /// The value's type as data.
    const DESCRIPTOR: TypeDescriptor;

    /// The place of the value behind the pointer, from its metadata alone.
    #[doc(hidden)]
    fn place_of(value: NonNull<Self>) -> Place;

    /// Changes the owner of what the value holds.
    #[doc(hidden)]
    fn transfer_value(&self, to: &Transfer);
}

// SAFETY: a sized value is placed by its type's size and alignment.
unsafe impl<T: Exchangeable> Target for T {
    const NESTED: bool = T::NESTED;
    const DEPTH: usize = T::DEPTH;
    const DESCRIPTOR: TypeDescriptor = T::DESCRIPTOR;
    #[inline]
    fn place_of(_: NonNull<Self>) -> Place {
        const { class::place(size_of::<T>(), align_of::<T>()) }
    }
    #[inline]
    fn transfer_value(&self, to: &Transfer) {
        self.transfer(to);
    }
}

// SAFETY: a slice is placed by its length, which its pointer carries and nothing changes.
unsafe impl<T: Exchangeable> Target for [T] {
    const NESTED: bool = T::NESTED;
    const DEPTH: usize = T::DEPTH;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::slice("slice", &T::DESCRIPTOR);
    #[inline]
    fn place_of(value: NonNull<Self>) -> Place {
        // The product was checked when the slice was allocated.
        let bytes = value.len().wrapping_mul(size_of::<T>());
        class::place(bytes, align_of::<T>())
    }
    fn transfer_value(&self, to: &Transfer) {
        for value in self {
            value.transfer(to);
        }
    }
}

/// An owned reference to an object of the exchange heap: like a `Box`, but it may cross domains.
///
/// It is one pointer wide (two for a slice) and sends by move without a copy. Its owner word always
/// names the domain that holds it; if that domain dies, the object is freed.
///
/// ```
/// use samara_rref::RRef;
/// # use samara_host_std as _;
/// let mut counts = RRef::new([0u32; 4]);
/// counts[2] += 1;
/// assert_eq!(RRef::into_inner(counts), [0, 0, 1, 0]);
/// ```
///
/// It crosses by move, here into a domain and back:
///
/// ```
/// use samara_domain_runtime::{Domain, DomainSpec, Mint};
/// use samara_host_std::runtime;
/// use samara_proxy::{Export, RpcError, interface};
/// use samara_rref::{Exchangeable, Owner, RRef};
/// # use samara_host_std::{DomainAlloc, System};
/// # #[global_allocator]
/// # static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);
///
/// #[derive(Exchangeable)]
/// struct Frame {
///     length: u16,
///     bytes: RRef<[u8]>,
/// }
///
/// #[interface]
/// trait Filter {
///     fn pass(&self, frame: RRef<Frame>) -> Result<RRef<Frame>, RpcError>;
/// }
///
/// struct Truncate;
///
/// impl Filter for Truncate {
///     fn pass(&self, mut frame: RRef<Frame>) -> Result<RRef<Frame>, RpcError> {
///         assert_ne!(RRef::owner(&frame), Owner::HOST); // It is the domain's.
///         frame.length = frame.length.min(4);
///         frame.bytes[0] = 0xFF;
///         Ok(frame)
///     }
/// }
///
/// let init = |()| Ok::<_, RpcError>(Truncate);
/// let domain: Domain<dyn Filter> =
///     runtime().spawn(DomainSpec::new("filter"), init, Mint::nothing())?;
/// let filter = domain.proxy()?;
///
/// let bytes = RRef::try_from_slice(b"a frame")?;
/// let address = bytes.as_ptr();
/// let frame = filter.pass(RRef::new(Frame { length: 7, bytes }))?;
/// assert_eq!((frame.length, &frame.bytes[..4]), (4, &b"\xFF fr"[..]));
/// assert_eq!(frame.bytes.as_ptr(), address); // Its bytes have not moved.
/// assert_eq!(RRef::owner(&frame), Owner::HOST); // It is ours again.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RRef<T: ?Sized + Target> {
    value: NonNull<T>,
    owns: PhantomData<T>,
}

// SAFETY: an `RRef` owns its value; every `Target` is `Send`.
unsafe impl<T: ?Sized + Target> Send for RRef<T> {}
// SAFETY: a shared `RRef` gives out `&T` only.
unsafe impl<T: ?Sized + Target + Sync> Sync for RRef<T> {}

impl<T: Exchangeable> RRef<T> {
    /// Moves `value` to the exchange heap, owned by the running domain.
    ///
    /// # Panics
    /// If the heap has no room or the domain's quota is used up; see [`try_new`](Self::try_new).
    #[inline]
    #[must_use]
    pub fn new(value: T) -> Self {
        match Self::try_new(value) {
            Ok(object) => object,
            Err((error, _)) => no_room(error),
        }
    }

    /// Moves `value` to the exchange heap, owned by the running domain.
    ///
    /// # Errors
    /// Gives `value` back when the heap has no room or the domain's quota is used up.
    #[inline]
    pub fn try_new(value: T) -> Result<Self, (AllocError, T)> {
        let place = const { class::place(size_of::<T>(), align_of::<T>()) };
        // SAFETY: the place is that of `T`; the slot is written below and owned by the `RRef`.
        match unsafe { heap::alloc(place, size_of::<T>(), align_of::<T>()) } {
            Ok(slot) => {
                let slot = slot.cast::<T>();
                // SAFETY: a fresh slot of `T`'s size and alignment.
                unsafe { slot.write(value) };
                // SAFETY: the slot, just written.
                Ok(unsafe { Self::from_raw(slot) })
            }
            Err(error) => Err((error, value)),
        }
    }

    /// A zeroed value, made in place: no copy over the stack, however large it is.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_new_zeroed() -> Result<Self, AllocError>
    where
        T: FromZeros,
    {
        let place = const { class::place(size_of::<T>(), align_of::<T>()) };
        // SAFETY: the place is that of `T`; the slot is zeroed below, which is a `T`.
        let slot = unsafe { heap::alloc(place, size_of::<T>(), align_of::<T>()) }?.cast::<T>();
        // SAFETY: a fresh slot of `T`'s size and alignment.
        unsafe { slot.write_bytes(0, 1) };
        // SAFETY: the slot; zeroes are a value of `T`.
        Ok(unsafe { Self::from_raw(slot) })
    }

    /// A value made in place: zeroed, then filled by `fill`. No copy over the stack, however large
    /// it is. If `fill` panics, the value is dropped as it is by then.
    ///
    /// ```
    /// use samara_rref::RRef;
    /// # use samara_host_std as _;
    /// let table = RRef::<[u32; 100_000]>::try_new_with(|table| table[7] = 1).unwrap();
    /// assert_eq!((table[7], table[8]), (1, 0));
    /// ```
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_new_with(fill: impl FnOnce(&mut T)) -> Result<Self, AllocError>
    where
        T: FromZeros,
    {
        let mut object = Self::try_new_zeroed()?;
        fill(&mut object);
        Ok(object)
    }

    /// As [`try_new_with`](Self::try_new_with).
    ///
    /// # Panics
    /// If the heap has no room or the domain's quota is used up.
    #[must_use]
    pub fn new_with(fill: impl FnOnce(&mut T)) -> Self
    where
        T: FromZeros,
    {
        Self::try_new_with(fill).unwrap_or_else(|error| no_room(error))
    }

    /// The value, taken out of the heap.
    #[inline]
    #[must_use]
    pub fn into_inner(this: Self) -> T {
        let this = ManuallyDrop::new(this);
        // SAFETY: the reference owns the value and is forgotten: it is read out once.
        let value = unsafe { this.value.read() };
        // SAFETY: the value was moved out of the slot, which nobody else refers to.
        unsafe { heap::free(this.value.cast(), T::place_of(this.value)) };
        value
    }
}

#[cold]
#[inline(never)]
pub(crate) fn no_room(error: AllocError) -> ! {
    panic!("{error}")
}

impl<T: ?Sized + Target> RRef<T> {
    /// Takes over a written slot: what every constructor ends with.
    ///
    /// # Safety
    /// `value` is a value of `T` at the place of one, owned by whom the thread runs for, and nobody else's.
    #[inline]
    pub(crate) const unsafe fn from_raw(value: NonNull<T>) -> Self {
        const {
            // Evaluating the depth is what rejects a generic type that contains itself.
            assert!(T::DEPTH < MAX_DEPTH, "values nest too deeply");
            // `drop` relies on it.
            assert!(
                T::NESTED || !mem::needs_drop::<T>(),
                "plain data has no destructor"
            );
        }
        Self {
            value,
            owns: PhantomData,
        }
    }

    /// Takes back what [`into_raw`](Self::into_raw) gave up. For crates of the trusted side.
    ///
    /// # Safety
    /// `value` came from `into_raw`, once; the object is owned by whom the thread runs for.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub const unsafe fn restore(value: NonNull<T>) -> Self {
        // SAFETY: the caller's: nobody else's since `into_raw`.
        unsafe { Self::from_raw(value) }
    }

    /// The value's address, given up: whoever takes it over makes another `RRef` of it.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub const fn into_raw(this: Self) -> NonNull<T> {
        let value = this.value;
        mem::forget(this);
        value
    }

    /// Makes the object a member of a group.
    ///
    /// # Safety
    /// The object stays in the group's hands, which has the object's owner, until
    /// [`leave`](Self::leave) or it is dropped, and the group is open so long.
    #[inline]
    pub(crate) unsafe fn join(this: &Self, group: Group) {
        // SAFETY: a live object at its place; the rest is the caller's.
        unsafe { heap::join(this.value.cast(), T::place_of(this.value), group) };
    }

    /// Where the value is.
    #[inline]
    pub(crate) const fn address(&self) -> NonNull<T> {
        self.value
    }

    /// Makes a member of a group the group's owner's own again.
    ///
    /// # Safety
    /// The object is a member of `group`.
    #[inline]
    pub(crate) unsafe fn leave(this: &Self, group: Group) {
        let owner = group::owner(group);
        // SAFETY: a live object at its place, which was this owner's already.
        unsafe { heap::set_owner(this.value.cast(), T::place_of(this.value), owner) };
    }

    /// The owner that the heap has on record: the running domain, for any `RRef` one can get hold of.
    #[must_use]
    pub fn owner(this: &Self) -> Owner {
        // SAFETY: a live `RRef`'s value is a live object at its place.
        unsafe { heap::owner(this.value.cast(), T::place_of(this.value)) }
    }
}

impl<T: ?Sized + Target> Deref for RRef<T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the reference owns a live, initialised value.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized + Target> DerefMut for RRef<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the reference owns a live, initialised value and is borrowed mutably.
        unsafe { self.value.as_mut() }
    }
}

impl<T: ?Sized + Target> Drop for RRef<T> {
    #[inline]
    fn drop(&mut self) {
        if T::NESTED {
            // SAFETY: the reference owns the value; it is dropped here only. Plain data needs none.
            unsafe { ptr::drop_in_place(self.value.as_ptr()) };
        }
        // SAFETY: the reference owns the slot and goes away.
        unsafe { heap::free(self.value.cast(), T::place_of(self.value)) };
    }
}

// SAFETY: an `RRef` owns one object of the exchange heap, whose owner word `transfer` sets, and what
// that object holds, which it visits.
unsafe impl<T: ?Sized + Target> Exchangeable for RRef<T> {
    const NESTED: bool = true;
    const DEPTH: usize = 1 + T::DEPTH;
    const DESCRIPTOR: TypeDescriptor =
        TypeDescriptor::shaped::<Self>("RRef", Shape::Pointer(&T::DESCRIPTOR));
    #[inline]
    fn transfer(&self, to: &Transfer) {
        if T::NESTED {
            (**self).transfer_value(to);
        }
        let (size, align) = (size_of_val::<T>(self), align_of_val::<T>(self));
        // SAFETY: a live `RRef`'s value is a live object at its place, and its own.
        unsafe { to.object(self.value.cast(), T::place_of(self.value), size, align) };
    }
}

// SAFETY: the object lives on the exchange heap and belongs to the lender, which is not reclaimed
// while its activation is on the chain; `Exchangeable` keeps private pointers out of it.
unsafe impl<T: ?Sized + Target + Sync> Lend for RRef<T> {
    const DESCRIPTOR: TypeDescriptor = <Self as Exchangeable>::DESCRIPTOR;
}

impl<T: Exchangeable + FromZeros> Scratch for RRef<T> {
    type Shape = ();
    fn shape(&self) -> Self::Shape {}
    fn renew((): ()) -> Result<Self, AllocError> {
        Self::try_new_zeroed()
    }
}
