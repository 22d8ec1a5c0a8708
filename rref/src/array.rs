//! `RRef<[T; N]>`: arrays that are made in place, and conversion from and to slices.

use crate::{Exchangeable, RRef};
use core::ptr::NonNull;
use samara_shared_heap::AllocError;

impl<T: Exchangeable, const N: usize> RRef<[T; N]> {
    /// Makes an array in place, whose value at `i` is `make(i)`. An array of any size is made without a copy on the
    /// stack. If `make` panics, the values made so far are dropped.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_array_from_fn(make: impl FnMut(usize) -> T) -> Result<Self, AllocError> {
        let slice = RRef::<[T]>::try_from_fn(N, make)?;
        // SAFETY: `into_raw` gave up `N` values. They are at the place of the array, which has the same size and
        // alignment (OWN-2).
        Ok(unsafe { Self::from_raw(RRef::into_raw(slice).cast()) })
    }

    /// Converts the array into a slice of the same values, in place.
    #[must_use]
    pub fn into_slice(this: Self) -> RRef<[T]> {
        let start = Self::into_raw(this).cast();
        // SAFETY: `into_raw` gave up the array's values. A slice of them has the same place (OWN-2).
        unsafe { RRef::from_raw(NonNull::slice_from_raw_parts(start, N)) }
    }
}

impl<T: Exchangeable> RRef<[T]> {
    /// Converts the slice into an array of the same values, in place.
    ///
    /// # Errors
    /// Returns the slice if it does not have `N` values.
    pub fn try_into_array<const N: usize>(this: Self) -> Result<RRef<[T; N]>, Self> {
        if this.len() == N {
            // SAFETY: `into_raw` gave up `N` values. An array of them has the same place (OWN-2).
            Ok(unsafe { RRef::from_raw(Self::into_raw(this).cast()) })
        } else {
            Err(this)
        }
    }
}
