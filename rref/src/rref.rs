//! `RRef<T>` itself: one pointer to a value on the exchange heap.

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

/// A type to which an `RRef` may point: an [`Exchangeable`] type, a slice of one, or `str`.
///
/// # Safety
/// [`place_of`](Self::place_of) returns the place at which the value was allocated.
/// [`transfer_value`](Self::transfer_value) visits everything that the value holds.
pub unsafe trait Target: Send + 'static {
    /// Whether the value itself may hold `RRef`s or capabilities.
    const NESTED: bool;
    /// How deeply values nest in it.
    const DEPTH: usize;
    /// The value's type as data.
    const DESCRIPTOR: TypeDescriptor;

    /// Returns the place of the value behind the pointer, computed only from the pointer's metadata.
    #[doc(hidden)]
    fn place_of(value: NonNull<Self>) -> Place;

    /// Changes the owner of everything that the value holds.
    #[doc(hidden)]
    fn transfer_value(&self, to: &Transfer);
}

// SAFETY: a sized value is placed by the size and the alignment of its type, and `transfer` visits everything that it
// holds (OWN-4).
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

// SAFETY: a slice is placed by its length, which its pointer carries and which never changes. Every value is visited
// (OWN-4).
unsafe impl<T: Exchangeable> Target for [T] {
    const NESTED: bool = T::NESTED;
    const DEPTH: usize = T::DEPTH;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::slice("slice", &T::DESCRIPTOR);
    #[inline]
    fn place_of(value: NonNull<Self>) -> Place {
        // Cannot wrap: the product was checked when the slice was allocated.
        let bytes = value.len().wrapping_mul(size_of::<T>());
        class::place(bytes, align_of::<T>())
    }
    fn transfer_value(&self, to: &Transfer) {
        for value in self {
            value.transfer(to);
        }
    }
}

/// An owned reference to an object of the exchange heap: like a `Box`, but it may cross domain boundaries.
///
/// It is one pointer wide (a slice's also has the length) and moves to another domain without a copy of the object. The
/// object's owner word always names the domain that holds the reference. If that domain dies, the object is freed.
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

// SAFETY: an `RRef` owns its value; every `Target` is `Send` (OWN-2).
unsafe impl<T: ?Sized + Target> Send for RRef<T> {}
// SAFETY: a shared `RRef` gives access to `&T` only, and `T` is `Sync`.
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
    /// Returns `value` with the error if the heap has no room or the domain's quota is used up.
    #[inline]
    pub fn try_new(value: T) -> Result<Self, (AllocError, T)> {
        let place = const { class::place(size_of::<T>(), align_of::<T>()) };
        // SAFETY: the place is that of `T`. The slot is written below, and the `RRef` then owns it.
        match unsafe { heap::alloc(place, size_of::<T>(), align_of::<T>()) } {
            Ok(slot) => {
                let slot = slot.cast::<T>();
                // SAFETY: a fresh slot with `T`'s size and alignment.
                unsafe { slot.write(value) };
                // SAFETY: the slot was just written, and belongs to the owner on whose behalf the thread runs (OWN-5).
                Ok(unsafe { Self::from_raw(slot) })
            }
            Err(error) => Err((error, value)),
        }
    }

    /// Makes a zeroed value in place. However large it is, it is not copied over the stack.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_new_zeroed() -> Result<Self, AllocError>
    where
        T: FromZeros,
    {
        let place = const { class::place(size_of::<T>(), align_of::<T>()) };
        // SAFETY: the place is that of `T`. The slot is zeroed below, and the `RRef` then owns it.
        let slot = unsafe { heap::alloc(place, size_of::<T>(), align_of::<T>()) }?.cast::<T>();
        // SAFETY: a fresh slot with `T`'s size and alignment.
        unsafe { slot.write_bytes(0, 1) };
        // SAFETY: the slot was just zeroed, zeroes are a value of `T` (`FromZeros`), and the slot belongs to the owner
        // on whose behalf the thread runs (OWN-5).
        Ok(unsafe { Self::from_raw(slot) })
    }

    /// Makes a value in place: it is zeroed and then filled by `fill`. However large it is, it is not copied over the
    /// stack. If `fill` panics, the value is dropped in the state that it then has.
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

    /// Makes a value in place, as [`try_new_with`](Self::try_new_with) does.
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

    /// Moves the value out of the heap and frees its slot.
    #[inline]
    #[must_use]
    pub fn into_inner(this: Self) -> T {
        let this = ManuallyDrop::new(this);
        // SAFETY: the reference owns the value and is not dropped, so the value is read out once (OWN-2).
        let value = unsafe { this.value.read() };
        // SAFETY: the value was moved out of the slot, and nothing else refers to the slot (OWN-2).
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
    /// Takes over a written slot. Every constructor ends with this.
    ///
    /// # Safety
    /// `value` is a value of `T` at the place of a `T`. It belongs to the owner on whose behalf the thread runs, and no
    /// other `RRef` refers to it.
    #[inline]
    pub(crate) const unsafe fn from_raw(value: NonNull<T>) -> Self {
        const {
            // The evaluation of the depth rejects a generic type that contains itself.
            assert!(T::DEPTH < MAX_DEPTH, "values nest too deeply");
            // `drop` relies on this.
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

    /// Takes back an object that [`into_raw`](Self::into_raw) gave up. For trusted crates.
    ///
    /// # Safety
    /// `value` came from `into_raw` and is taken back once. The object belongs to the owner on whose behalf the thread
    /// runs.
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub const unsafe fn restore(value: NonNull<T>) -> Self {
        // SAFETY: upheld by the caller; no `RRef` has referred to the object since `into_raw`.
        unsafe { Self::from_raw(value) }
    }

    /// Gives up the object and returns its address. The code that takes it over makes another `RRef` of it.
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
    /// The group has the same owner as the object. The object stays a member until [`leave`](Self::leave) or until it
    /// is dropped, and the group stays open until then.
    #[inline]
    pub(crate) unsafe fn join(this: &Self, group: Group) {
        // SAFETY: a live object at its place; the caller upholds the rest (OWN-1).
        unsafe { heap::join(this.value.cast(), T::place_of(this.value), group) };
    }

    /// Returns the address of the value.
    #[inline]
    pub(crate) const fn address(&self) -> NonNull<T> {
        self.value
    }

    /// Takes the object out of a group: its owner word names the owner of the group directly again.
    ///
    /// # Safety
    /// The object is a member of `group`.
    #[inline]
    pub(crate) unsafe fn leave(this: &Self, group: Group) {
        let owner = group::owner(group);
        // SAFETY: a live object at its place. It already belonged to this owner, through the group (OWN-1).
        unsafe { heap::set_owner(this.value.cast(), T::place_of(this.value), owner) };
    }

    /// Returns the owner that the heap has on record. For every `RRef` that a domain holds, that is the domain itself.
    #[must_use]
    pub fn owner(this: &Self) -> Owner {
        // SAFETY: the value of a live `RRef` is a live object at its place.
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
            // Plain data has no destructor and needs no such call.
            // SAFETY: the reference owns the value, which is dropped only here (OWN-2).
            unsafe { ptr::drop_in_place(self.value.as_ptr()) };
        }
        // SAFETY: the reference owns the slot and ceases to exist (OWN-2).
        unsafe { heap::free(self.value.cast(), T::place_of(self.value)) };
    }
}

// SAFETY: an `RRef` owns one object of the exchange heap, whose owner word `transfer` sets, and everything that the
// object holds, which `transfer` visits (CROSS-1, OWN-1).
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
        // SAFETY: the value of a live `RRef` is a live object at its place, which the `RRef` owns (OWN-1).
        unsafe { to.object(self.value.cast(), T::place_of(self.value), size, align) };
    }
}

// SAFETY: the object lives on the exchange heap and belongs to the lender, which is not reclaimed while its activation
// is on the chain. `Exchangeable` keeps private pointers out of the object (CROSS-7, LIFE-2).
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
