//! `RRef<[T]>`: slices on the exchange heap.

use crate::rref::no_room;
use crate::{Exchangeable, RRef, Scratch};
use core::mem;
use core::ptr::{self, NonNull};
use samara_shared_heap::{AllocError, class, heap};
use zerocopy::FromZeros;

/// Allocates a slot for `len` values of `T`, which are not yet written.
fn alloc_slice<T>(len: usize) -> Result<NonNull<T>, AllocError> {
    let bytes = size_of::<T>()
        .checked_mul(len)
        .filter(|bytes| *bytes <= isize::MAX as usize);
    let bytes = bytes.ok_or(AllocError::TooLarge)?;
    let place = class::place(bytes, align_of::<T>());
    // SAFETY: the place is that of the slice. Every caller writes the slot before it is read, or frees it (OWN-5).
    Ok(unsafe { heap::alloc(place, bytes, align_of::<T>()) }?.cast())
}

/// The values that a constructor has written so far. Drops them and frees the slot if the constructor panics.
struct Partial<T: Exchangeable> {
    start: NonNull<T>,
    written: usize,
    len: usize,
}

impl<T: Exchangeable> Drop for Partial<T> {
    fn drop(&mut self) {
        // SAFETY: the first `written` values are initialised, and only this guard owns them (OWN-6).
        unsafe {
            ptr::drop_in_place(ptr::slice_from_raw_parts_mut(
                self.start.as_ptr(),
                self.written,
            ));
        }
        // Cannot wrap: the product was checked when the slot was allocated.
        let place = class::place(size_of::<T>().wrapping_mul(self.len), align_of::<T>());
        // SAFETY: the slot came from `alloc_slice(len)`, and nothing else refers to it (OWN-6).
        unsafe { heap::free(self.start.cast(), place) };
    }
}

impl<T: Exchangeable> RRef<[T]> {
    /// Makes a slice whose value at `i` is `make(i)`. If `make` panics, the values made so far are dropped.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_from_fn(len: usize, mut make: impl FnMut(usize) -> T) -> Result<Self, AllocError> {
        let mut partial = Partial {
            start: alloc_slice::<T>(len)?,
            written: 0,
            len,
        };
        while partial.written < len {
            let value = make(partial.written);
            // SAFETY: `written` is below `len`, and the slot has room for `len` values.
            let at = unsafe { partial.start.add(partial.written) };
            // SAFETY: as above; the position is not written yet.
            unsafe { at.write(value) };
            partial.written = partial.written.wrapping_add(1);
        }
        let start = partial.start;
        mem::forget(partial);
        // SAFETY: all values of the slot are written, and the guard was forgotten, so that nothing else refers to them
        // (OWN-5).
        Ok(unsafe { Self::from_raw(NonNull::slice_from_raw_parts(start, len)) })
    }

    /// Makes a zeroed slice of `len` values.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn new_zeroed_slice(len: usize) -> Result<Self, AllocError>
    where
        T: FromZeros,
    {
        let start = alloc_slice::<T>(len)?;
        // SAFETY: the slot has room for `len` values.
        unsafe { start.write_bytes(0, len) };
        // SAFETY: the slot was just zeroed, and zeroes are a value of `T` (`FromZeros`) (OWN-5).
        Ok(unsafe { Self::from_raw(NonNull::slice_from_raw_parts(start, len)) })
    }

    /// Copies `values` to the exchange heap.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_from_slice(values: &[T]) -> Result<Self, AllocError>
    where
        T: Copy,
    {
        let start = alloc_slice::<T>(values.len())?;
        // SAFETY: a fresh slot with room for as many values, which cannot overlap them.
        unsafe { start.copy_from_nonoverlapping(NonNull::from_ref(values).cast(), values.len()) };
        let copy = NonNull::slice_from_raw_parts(start, values.len());
        // SAFETY: all values of the slot were just written (OWN-5).
        Ok(unsafe { Self::from_raw(copy) })
    }

    /// Copies `values` to the exchange heap.
    ///
    /// # Panics
    /// If the heap has no room or the domain's quota is used up.
    #[must_use]
    pub fn from_slice(values: &[T]) -> Self
    where
        T: Copy,
    {
        Self::try_from_slice(values).unwrap_or_else(|error| no_room(error))
    }
}

impl<T: Exchangeable + FromZeros> Scratch for RRef<[T]> {
    type Shape = usize;
    fn shape(&self) -> usize {
        self.len()
    }
    fn renew(len: usize) -> Result<Self, AllocError> {
        Self::new_zeroed_slice(len)
    }
}
