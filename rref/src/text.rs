//! `RRef<str>`: text on the exchange heap.

use crate::rref::no_room;
use crate::{Lend, RRef, Target, Transfer, TypeDescriptor};
use core::ptr::NonNull;
use core::str::{self, Utf8Error};
use samara_shared_heap::AllocError;
use samara_shared_heap::class::{self, Place};

// SAFETY: a text is placed as a slice of its bytes, by the length that its pointer carries. It holds nothing to be
// visited (OWN-4).
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
    /// Copies `text` to the exchange heap.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    pub fn try_new_str(text: &str) -> Result<Self, AllocError> {
        let bytes = RRef::<[u8]>::try_from_slice(text.as_bytes())?;
        // SAFETY: the bytes are those of `text`, which are UTF-8.
        Ok(unsafe { Self::from_utf8_unchecked(bytes) })
    }

    /// Copies `text` to the exchange heap.
    ///
    /// # Panics
    /// If the heap has no room or the domain's quota is used up.
    #[must_use]
    pub fn new_str(text: &str) -> Self {
        Self::try_new_str(text).unwrap_or_else(|error| no_room(error))
    }

    /// Converts `bytes` into text, in place.
    ///
    /// # Errors
    /// Returns the bytes if they are not UTF-8.
    pub fn from_utf8(bytes: RRef<[u8]>) -> Result<Self, (Utf8Error, RRef<[u8]>)> {
        match str::from_utf8(&bytes) {
            // SAFETY: just checked.
            Ok(_) => Ok(unsafe { Self::from_utf8_unchecked(bytes) }),
            Err(error) => Err((error, bytes)),
        }
    }

    /// Converts the text into its bytes, in place.
    #[must_use]
    pub fn into_bytes(this: Self) -> RRef<[u8]> {
        let text = Self::into_raw(this);
        let len = (text.as_ptr() as *mut [u8]).len();
        // SAFETY: `into_raw` gave up the text. Its bytes as a slice have the same place (OWN-2).
        unsafe { RRef::from_raw(NonNull::slice_from_raw_parts(text.cast(), len)) }
    }

    /// Converts `bytes` into text without a check.
    ///
    /// # Safety
    /// The bytes are UTF-8.
    unsafe fn from_utf8_unchecked(bytes: RRef<[u8]>) -> Self {
        let bytes = RRef::into_raw(bytes).as_ptr() as *mut str;
        // SAFETY: the pointer came from a `NonNull`.
        let text = unsafe { NonNull::new_unchecked(bytes) };
        // SAFETY: the bytes are text, as the caller says. `into_raw` gave them up, and the text has the same place
        // (OWN-2).
        unsafe { Self::from_raw(text) }
    }
}
