//! `RRef<[T; N]>`: arrays made in place, and as slices.

use crate::{Exchangeable, RRef};
use core::ptr::NonNull;
use samara_shared_heap::AllocError;

impl<T: Exchangeable, const N: usize> RRef<[T; N]> {
    /// An array whose value at `i` is `make(i)`, made in place: no copy over the stack, however large
    /// it is. If `make` panics, what was made is dropped.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_array_from_fn(make: impl FnMut(usize) -> T) -> Result<Self, AllocError> {
        let slice = RRef::<[T]>::try_from_fn(N, make)?;
        // SAFETY: `N` values, given up, at the place of the array: same size, same alignment.
        Ok(unsafe { Self::from_raw(RRef::into_raw(slice).cast()) })
    }

    /// The same values as a slice, where they stand.
    #[must_use]
    pub fn into_slice(this: Self) -> RRef<[T]> {
        let start = Self::into_raw(this).cast();
        // SAFETY: the array's values, given up, at the same place.
        unsafe { RRef::from_raw(NonNull::slice_from_raw_parts(start, N)) }
    }
}

impl<T: Exchangeable> RRef<[T]> {
    /// The same values as an array, where they stand.
    ///
    /// # Errors
    /// Gives the slice back when it has not `N` values.
    pub fn try_into_array<const N: usize>(this: Self) -> Result<RRef<[T; N]>, Self> {
        if this.len() == N {
            // SAFETY: `N` values, given up, at the same place.
            Ok(unsafe { RRef::from_raw(Self::into_raw(this).cast()) })
        } else {
            Err(this)
        }
    }
}
