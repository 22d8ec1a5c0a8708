//! `RRef<str>`: text on the exchange heap.

use crate::rref::no_room;
use crate::{Lend, RRef, Target, Transfer, TypeDescriptor};
use core::ptr::NonNull;
use core::str::{self, Utf8Error};
use samara_shared_heap::AllocError;
use samara_shared_heap::class::{self, Place};

// SAFETY: text is placed as the bytes that it is, by a length that its pointer carries; it holds
// nothing else.
unsafe impl Target for str {
    const NESTED: bool = false;
    const DEPTH: usize = 0;
    const DESCRIPTOR: TypeDescriptor = <Self as Lend>::DESCRIPTOR;
    #[inline]
    fn place_of(value: NonNull<Self>) -> Place {
        let bytes = value.as_ptr() as *mut [u8];
        class::place(bytes.len(), 1)
    }
    #[inline]
    fn transfer_value(&self, _: &Transfer) {}
}

impl RRef<str> {
    /// A copy of `text`.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_new_str(text: &str) -> Result<Self, AllocError> {
        let bytes = RRef::<[u8]>::try_from_slice(text.as_bytes())?;
        // SAFETY: those of `text`.
        Ok(unsafe { Self::from_utf8_unchecked(bytes) })
    }

    /// A copy of `text`.
    ///
    /// # Panics
    /// If the heap has no room or the domain's quota is used up.
    #[must_use]
    pub fn new_str(text: &str) -> Self {
        Self::try_new_str(text).unwrap_or_else(|error| no_room(error))
    }

    /// The text in `bytes`, where it stands.
    ///
    /// # Errors
    /// Gives the bytes back when they are not UTF-8.
    pub fn from_utf8(bytes: RRef<[u8]>) -> Result<Self, (Utf8Error, RRef<[u8]>)> {
        match str::from_utf8(&bytes) {
            // SAFETY: just looked at.
            Ok(_) => Ok(unsafe { Self::from_utf8_unchecked(bytes) }),
            Err(error) => Err((error, bytes)),
        }
    }

    /// The bytes of the text, where they stand.
    #[must_use]
    pub fn into_bytes(this: Self) -> RRef<[u8]> {
        let text = Self::into_raw(this);
        let len = (text.as_ptr() as *mut [u8]).len();
        // SAFETY: as many bytes, given up, at the same place.
        unsafe { RRef::from_raw(NonNull::slice_from_raw_parts(text.cast(), len)) }
    }

    /// # Safety
    /// The bytes are UTF-8.
    unsafe fn from_utf8_unchecked(bytes: RRef<[u8]>) -> Self {
        let bytes = RRef::into_raw(bytes).as_ptr() as *mut str;
        // SAFETY: not null, as it was.
        let text = unsafe { NonNull::new_unchecked(bytes) };
        // SAFETY: text, as the caller says; given up, at the same place.
        unsafe { Self::from_raw(text) }
    }
}
