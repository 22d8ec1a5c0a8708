//! Typed views of bytes: checked conversion of `RRef<[u8]>` to `RRef<T>` and back, in place.

use crate::{Exchangeable, RRef};
use core::fmt;
use core::ptr::NonNull;
use samara_shared_heap::class;
use zerocopy::{Immutable, IntoBytes, KnownLayout, TryFromBytes};

/// Why bytes cannot be viewed as a value of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViewError {
    /// The number of bytes is not the size of the type, or for a slice not a multiple of it.
    Size,
    /// The type needs an alignment, or a place on the heap, that the bytes do not have.
    Alignment,
    /// The bytes are not a valid value of the type.
    Invalid,
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => {
                "the buffer does not have the size of the type; allocate exactly that many bytes"
            }
            Self::Alignment => "the buffer is not aligned for the type; allocate it as the type",
            Self::Invalid => "the bytes are not a valid value of the type",
        })
    }
}

impl core::error::Error for ViewError {}

/// Whether `bytes` are at the place at which an object of their size and of this alignment would be allocated. Only
/// then is the view freed in the same way as the bytes.
fn is_placed(bytes: NonNull<[u8]>, align: usize) -> bool {
    let len = bytes.len();
    let aligned = bytes.cast::<u8>().addr().get() & align.wrapping_sub(1) == 0;
    aligned && class::same(class::place(len, align), class::place(len, 1))
}

impl RRef<[u8]> {
    /// Views the bytes as a value of `T`, in place. Cost: the check of the bit pattern, which takes no time for a
    /// type that accepts every bit pattern.
    ///
    /// ```
    /// use samara_rref::RRef;
    /// # use samara_host_std as _;
    /// let bytes = RRef::from_slice(&[1u8, 0, 0, 0]);
    /// let number: RRef<u32> = RRef::try_into_value(bytes).unwrap();
    /// assert_eq!(u32::from_le(*number), 1);
    /// assert_eq!(RRef::into_value_bytes(number).len(), 4);
    /// ```
    ///
    /// # Errors
    /// Returns the bytes with the error if they are not such a value.
    pub fn try_into_value<T>(this: Self) -> Result<RRef<T>, (ViewError, Self)>
    where
        T: Exchangeable + TryFromBytes + KnownLayout + Immutable,
    {
        if this.len() != size_of::<T>() {
            return Err((ViewError::Size, this));
        }
        if !is_placed(NonNull::from_ref(&*this), align_of::<T>()) {
            return Err((ViewError::Alignment, this));
        }
        if T::try_ref_from_bytes(&this).is_err() {
            return Err((ViewError::Invalid, this));
        }
        // SAFETY: the bytes are valid for `T`, are at the place of a `T`, and `into_raw` gave them up. Their provenance
        // is that of the slot (EXPORT-19).
        Ok(unsafe { RRef::from_raw(Self::into_raw(this).cast()) })
    }

    /// Views the bytes as a slice of `T`, in place. Cost: as [`try_into_value`](Self::try_into_value).
    ///
    /// # Errors
    /// Returns the bytes with the error if they are not such a slice.
    pub fn try_into_slice<T>(this: Self) -> Result<RRef<[T]>, (ViewError, Self)>
    where
        T: Exchangeable + TryFromBytes + Immutable,
    {
        const {
            assert!(
                size_of::<T>() != 0,
                "the number of values of a zero-sized type cannot be told from their bytes"
            );
        }
        let Some(len) = this.len().checked_div(size_of::<T>()) else {
            return Err((ViewError::Size, this));
        };
        if len.checked_mul(size_of::<T>()) != Some(this.len()) {
            return Err((ViewError::Size, this));
        }
        if !is_placed(NonNull::from_ref(&*this), align_of::<T>()) {
            return Err((ViewError::Alignment, this));
        }
        if <[T]>::try_ref_from_bytes(&this).is_err() {
            return Err((ViewError::Invalid, this));
        }
        let start = Self::into_raw(this).cast();
        // SAFETY: the bytes are valid for `len` values of `T`, are at the place of such a slice, and `into_raw` gave
        // them up (EXPORT-19).
        Ok(unsafe { RRef::from_raw(NonNull::slice_from_raw_parts(start, len)) })
    }
}

impl<T: Exchangeable + IntoBytes> RRef<T> {
    /// Converts the value into its bytes, in place. There is no padding among them.
    #[must_use]
    pub fn into_value_bytes(this: Self) -> RRef<[u8]> {
        const {
            let place = class::place(size_of::<T>(), align_of::<T>());
            let as_bytes = class::place(size_of::<T>(), 1);
            assert!(
                class::same(place, as_bytes),
                "a zero-sized type of such alignment is allocated at another place than zero bytes"
            );
        }
        let start = Self::into_raw(this).cast();
        // SAFETY: all bytes are initialised (`IntoBytes`), `into_raw` gave them up, and their place is the value's, as
        // checked above (EXPORT-19).
        unsafe { RRef::from_raw(NonNull::slice_from_raw_parts(start, size_of::<T>())) }
    }
}

impl<T: Exchangeable + IntoBytes> RRef<[T]> {
    /// Converts the slice into its bytes, in place. There is no padding among them.
    ///
    /// # Errors
    /// Returns the slice if its bytes would be allocated at another place. That is so only for an empty slice of a type
    /// with a large alignment.
    pub fn try_into_bytes(this: Self) -> Result<RRef<[u8]>, Self> {
        let len = size_of_val::<[T]>(&this);
        let place = class::place(len, align_of::<T>());
        if !class::same(place, class::place(len, 1)) {
            return Err(this);
        }
        let start = Self::into_raw(this).cast();
        // SAFETY: all bytes are initialised (`IntoBytes`), `into_raw` gave them up, and their place is the slice's, as
        // checked above (EXPORT-19).
        Ok(unsafe { RRef::from_raw(NonNull::slice_from_raw_parts(start, len)) })
    }
}
