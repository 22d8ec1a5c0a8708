//! The standard traits that `Box` also has. All of them act on the value.

use crate::{Exchangeable, RRef, Target};
use core::borrow::{Borrow, BorrowMut};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

impl<T: ?Sized + Target + fmt::Debug> fmt::Debug for RRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + Target + fmt::Display> fmt::Display for RRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + Target> fmt::Pointer for RRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&(&raw const **self), f)
    }
}

impl<T: ?Sized + Target + PartialEq> PartialEq for RRef<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: ?Sized + Target + Eq> Eq for RRef<T> {}

impl<T: ?Sized + Target + PartialOrd> PartialOrd for RRef<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: ?Sized + Target + Ord> Ord for RRef<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: ?Sized + Target + Hash> Hash for RRef<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T: ?Sized + Target> AsRef<T> for RRef<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: ?Sized + Target> AsMut<T> for RRef<T> {
    fn as_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: ?Sized + Target> Borrow<T> for RRef<T> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized + Target> BorrowMut<T> for RRef<T> {
    fn borrow_mut(&mut self) -> &mut T {
        self
    }
}

/// Makes a default value on the exchange heap; panics as [`RRef::new`].
impl<T: Exchangeable + Default> Default for RRef<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// Moves the value to the exchange heap; panics as [`RRef::new`].
impl<T: Exchangeable> From<T> for RRef<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// Copies the values; panics as [`RRef::from_slice`].
impl<T: Exchangeable + Copy> From<&[T]> for RRef<[T]> {
    fn from(values: &[T]) -> Self {
        Self::from_slice(values)
    }
}

/// Copies the text; panics as [`RRef::new_str`].
impl From<&str> for RRef<str> {
    fn from(text: &str) -> Self {
        Self::new_str(text)
    }
}
