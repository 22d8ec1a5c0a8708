//! The atomics and the fence.

pub use core::sync::atomic::Ordering;

use crate::bind::{self, Bound};
use crate::statics;
use crate::weaken::{self, Fault};
use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;
use loom::sync::atomic as model;

/// A value that a word may hold.
trait Plain: Copy {
    fn to_word(self) -> usize;
    fn from_word(word: usize) -> Self;
}

/// A fence. If the test takes an ordering away from the calling file, the fence may have no effect: see [`Fault`].
#[track_caller]
pub fn fence(order: Ordering) {
    let place = Location::caller();
    let gone = match order {
        Ordering::Acquire => weaken::applies(Fault::Acquire, place),
        Ordering::Release => weaken::applies(Fault::Release, place),
        Ordering::SeqCst => weaken::applies(Fault::SeqCst, place),
        _ => false,
    };
    if !gone && !weaken::applies(Fault::Order, place) {
        model::fence(order);
    }
}

struct Word<T> {
    plain: UnsafeCell<T>,
    is: PhantomData<T>,
}

impl<T: Plain> Word<T> {
    const fn new(value: T) -> Self {
        Self {
            plain: UnsafeCell::new(value),
            is: PhantomData,
        }
    }

    fn plain(&self) -> T {
        // SAFETY: loom's threads take turns on one thread, and no reference to the value is kept.
        unsafe { self.plain.get().read() }
    }

    fn bound(&self) -> Bound {
        // SAFETY: the word may be read now. It may be written when an execution begins, because only `wrote` writes
        // it otherwise.
        unsafe { statics::remember(self.plain.get().cast(), size_of::<T>()) };
        bind::word(self.plain.get().addr(), self.plain().to_word())
    }

    fn wrote(&self, value: T) {
        // SAFETY: as in `plain`.
        unsafe { self.plain.get().write(value) };
        bind::wrote(self.plain.get().addr(), value.to_word());
    }

    #[track_caller]
    fn load(&self, order: Ordering) -> T {
        let order = weaken::order(order, Location::caller());
        if order == Ordering::SeqCst {
            model::fence(Ordering::SeqCst);
        }
        let bound = self.bound();
        T::from_word(bound.object.load(order).wrapping_add(bound.base))
    }

    #[track_caller]
    fn store(&self, value: T, order: Ordering) {
        let order = weaken::order(order, Location::caller());
        let bound = self.bound();
        bound
            .object
            .store(value.to_word().wrapping_sub(bound.base), order);
        self.wrote(value);
    }

    #[track_caller]
    fn exchange(&self, old: T, new: T, set: Ordering, get: Ordering) -> Result<T, T> {
        let set = weaken::order(set, Location::caller());
        let get = weaken::order(get, Location::caller());
        let bound = self.bound();
        let distance = |value: T| value.to_word().wrapping_sub(bound.base);
        let value = |distance: usize| T::from_word(distance.wrapping_add(bound.base));
        if weaken::applies(Fault::Compare, Location::caller()) {
            let _ = bound.object.swap(distance(new), set);
            self.wrote(new);
            return Ok(old);
        }
        match bound
            .object
            .compare_exchange(distance(old), distance(new), set, get)
        {
            Ok(old) => {
                self.wrote(new);
                Ok(value(old))
            }
            Err(other) => Err(value(other)),
        }
    }

    #[track_caller]
    fn swap(&self, new: T, order: Ordering) -> T {
        let order = weaken::order(order, Location::caller());
        let bound = self.bound();
        let distance = new.to_word().wrapping_sub(bound.base);
        let old = bound.object.swap(distance, order);
        self.wrote(new);
        T::from_word(old.wrapping_add(bound.base))
    }

    /// Performs a read-modify-write that cannot fail. It must see the newest value, which the plain word holds. So it
    /// compares with that value and exchanges it, and repeats if another thread has written in between.
    #[track_caller]
    fn change(&self, order: Ordering, change: impl Fn(T) -> T) -> T {
        let mut old = self.plain();
        loop {
            match self.exchange(old, change(old), order, Ordering::Relaxed) {
                Ok(old) => return old,
                Err(other) => old = other,
            }
        }
    }

    #[track_caller]
    fn try_update(
        &self,
        set: Ordering,
        get: Ordering,
        mut change: impl FnMut(T) -> Option<T>,
    ) -> Result<T, T> {
        let mut old = self.load(get);
        while let Some(new) = change(old) {
            match self.exchange(old, new, set, get) {
                Ok(old) => return Ok(old),
                Err(other) => old = other,
            }
        }
        Err(old)
    }
}

macro_rules! atomic {
    ($name:ident $(<$param:ident>)?, $value:ty, $doc:literal) => {
        #[doc = $doc]
        #[repr(transparent)]
        pub struct $name $(<$param>)? (Word<$value>);

        // SAFETY: loom's threads take turns on one thread.
        unsafe impl $(<$param>)? Send for $name $(<$param>)? {}
        // SAFETY: as above.
        unsafe impl $(<$param>)? Sync for $name $(<$param>)? {}

        impl $(<$param>)? $name $(<$param>)? {
            /// Creates a word that holds `value`.
            #[must_use]
            pub const fn new(value: $value) -> Self {
                Self(Word::new(value))
            }
            /// See [`core::sync::atomic`].
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                self.0.load(order)
            }
            /// See [`core::sync::atomic`].
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                self.0.store(value, order);
            }
            /// See [`core::sync::atomic`].
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                self.0.swap(value, order)
            }
            /// See [`core::sync::atomic`].
            ///
            /// # Errors
            /// Returns the current value if it differs from `old`.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                old: $value,
                new: $value,
                set: Ordering,
                get: Ordering,
            ) -> Result<$value, $value> {
                self.0.exchange(old, new, set, get)
            }
            /// See [`core::sync::atomic`]. This one never fails spuriously.
            ///
            /// # Errors
            /// Returns the current value if it differs from `old`.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                old: $value,
                new: $value,
                set: Ordering,
                get: Ordering,
            ) -> Result<$value, $value> {
                self.0.exchange(old, new, set, get)
            }
            /// See [`core::sync::atomic`].
            ///
            /// # Errors
            /// Returns the current value if `change` returns `None`.
            #[track_caller]
            pub fn try_update(
                &self,
                set: Ordering,
                get: Ordering,
                change: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                self.0.try_update(set, get, change)
            }

            /// As [`try_update`](Self::try_update), under its older name.
            ///
            /// # Errors
            /// Returns the current value if `change` returns `None`.
            #[track_caller]
            pub fn fetch_update(
                &self,
                set: Ordering,
                get: Ordering,
                change: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                self.0.try_update(set, get, change)
            }
        }

        impl $(<$param>)? fmt::Debug for $name $(<$param>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0.plain()).finish()
            }
        }
    };
}

atomic!(AtomicU8, u8, "See [`core::sync::atomic::AtomicU8`].");
atomic!(AtomicU32, u32, "See [`core::sync::atomic::AtomicU32`].");
atomic!(
    AtomicUsize,
    usize,
    "See [`core::sync::atomic::AtomicUsize`]."
);
atomic!(AtomicU64, u64, "See [`core::sync::atomic::AtomicU64`].");
atomic!(AtomicBool, bool, "See [`core::sync::atomic::AtomicBool`].");
atomic!(
    AtomicPtr<T>,
    *mut T,
    "See [`core::sync::atomic::AtomicPtr`]."
);

macro_rules! arithmetic {
    ($($name:ident, $value:ty;)*) => {$(
        impl Plain for $value {
            fn to_word(self) -> usize {
                self as usize
            }
            fn from_word(word: usize) -> Self {
                word as Self
            }
        }

        impl $name {
            /// See [`core::sync::atomic`].
            #[track_caller]
            pub fn fetch_max(&self, value: $value, order: Ordering) -> $value {
                self.0.change(order, |old| old.max(value))
            }
            /// See [`core::sync::atomic`].
            #[track_caller]
            pub fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                self.0.change(order, |old| old.wrapping_add(value))
            }
            /// See [`core::sync::atomic`].
            #[track_caller]
            pub fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                self.0.change(order, |old| old.wrapping_sub(value))
            }
            /// See [`core::sync::atomic`].
            #[track_caller]
            pub fn fetch_or(&self, value: $value, order: Ordering) -> $value {
                self.0.change(order, |old| old | value)
            }
            /// See [`core::sync::atomic`].
            #[track_caller]
            pub fn fetch_and(&self, value: $value, order: Ordering) -> $value {
                self.0.change(order, |old| old & value)
            }
        }
    )*};
}

arithmetic! {
    AtomicU8, u8;
    AtomicU32, u32;
    AtomicUsize, usize;
    AtomicU64, u64;
}

impl Plain for bool {
    fn to_word(self) -> usize {
        self.into()
    }
    fn from_word(word: usize) -> Self {
        word != 0
    }
}

impl<T> Plain for *mut T {
    fn to_word(self) -> usize {
        self.expose_provenance()
    }
    fn from_word(word: usize) -> Self {
        core::ptr::with_exposed_provenance_mut(word)
    }
}
