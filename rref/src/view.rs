//! Typed views of bytes: `RRef<[u8]>` to `RRef<T>` and back, checked, where they stand.

use crate::{Exchangeable, RRef};
use core::fmt;
use core::ptr::NonNull;
use samara_shared_heap::class;
use zerocopy::{Immutable, IntoBytes, KnownLayout, TryFromBytes};

/// Why bytes are not a value of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViewError {
    /// Not as many bytes as the type has, or no multiple of them.
    Size,
    /// The type wants another alignment than the bytes have.
    Alignment,
    /// The bytes are no value of the type.
    Invalid,
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => {
                "the buffer has not the size of the type; allocate exactly that many bytes"
            }
            Self::Alignment => "the buffer is not aligned for the type; allocate it as the type",
            Self::Invalid => "the bytes are no value of the type",
        })
    }
}

impl core::error::Error for ViewError {}

/// Whether the bytes at `start` are where an object of their size and this alignment would be put:
/// only then is the view freed as the bytes would have been.
fn is_placed(bytes: NonNull<[u8]>, align: usize) -> bool {
    let len = bytes.len();
    let aligned = bytes.cast::<u8>().addr().get() & align.wrapping_sub(1) == 0;
    aligned && class::same(class::place(len, align), class::place(len, 1))
}

impl RRef<[u8]> {
    /// The value whose bytes these are. Costs what the check of the bit pattern costs: nothing for a
    /// type of which any is valid.
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
    /// Gives the bytes back when they are no such value.
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
        // SAFETY: valid for `T`, at the place of a `T`, given up; the bytes' provenance is the slot's.
        Ok(unsafe { RRef::from_raw(Self::into_raw(this).cast()) })
    }

    /// The slice whose bytes these are. Cost as [`try_into_value`](Self::try_into_value).
    ///
    /// # Errors
    /// Gives the bytes back when they are no such slice.
    pub fn try_into_slice<T>(this: Self) -> Result<RRef<[T]>, (ViewError, Self)>
    where
        T: Exchangeable + TryFromBytes + Immutable,
    {
        const {
            assert!(
                size_of::<T>() != 0,
                "how many values without bytes the bytes are, nobody can say"
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
        // SAFETY: as above, `len` of them.
        Ok(unsafe { RRef::from_raw(NonNull::slice_from_raw_parts(start, len)) })
    }
}

impl<T: Exchangeable + IntoBytes> RRef<T> {
    /// The bytes of the value, where they stand. No padding is among them.
    #[must_use]
    pub fn into_value_bytes(this: Self) -> RRef<[u8]> {
        const {
            let place = class::place(size_of::<T>(), align_of::<T>());
            let as_bytes = class::place(size_of::<T>(), 1);
            assert!(
                class::same(place, as_bytes),
                "an empty type of such alignment has no bytes"
            );
        }
        let start = Self::into_raw(this).cast();
        // SAFETY: initialised bytes, given up; checked above: their place is the value's.
        unsafe { RRef::from_raw(NonNull::slice_from_raw_parts(start, size_of::<T>())) }
    }
}

impl<T: Exchangeable + IntoBytes> RRef<[T]> {
    /// The bytes of the slice, where they stand. No padding is among them.
    ///
    /// # Errors
    /// Gives an empty slice back whose alignment is more than a byte's place has.
    pub fn try_into_bytes(this: Self) -> Result<RRef<[u8]>, Self> {
        let len = size_of_val::<[T]>(&this);
        let place = class::place(len, align_of::<T>());
        if !class::same(place, class::place(len, 1)) {
            return Err(this);
        }
        let start = Self::into_raw(this).cast();
        // SAFETY: as above, of all values.
        Ok(unsafe { RRef::from_raw(NonNull::slice_from_raw_parts(start, len)) })
    }
}
