//! The lock of trusted code. The thread that holds it is under a no-cut mark, so no cut leaves the lock taken.

use crate::primitive::{Mutex, MutexGuard};
use crate::thread::{self, NoCut};
use core::fmt;
use core::ops::{Deref, DerefMut};

/// A spin lock that is held under a [`NoCut`] mark: while a thread holds it, the thread is neither cut nor pre-empted.
///
/// Cost in addition to the lock's own: finding the running thread's slot, and two plain additions.
pub struct NoCutMutex<T>(Mutex<T>);

/// Access to the value that a [`NoCutMutex`] guards.
// The order of the fields matters: the lock is released before the mark ends.
pub struct NoCutGuard<'a, T> {
    value: MutexGuard<'a, T>,
    _no_cut: NoCut<'static>,
}

impl<T> NoCutMutex<T> {
    /// Makes a lock around `value`.
    ///
    /// # Safety
    /// Only trusted code that ends in bounded time runs while the lock is held, no domain's code does, and no guard is
    /// forgotten: meanwhile the thread is not cut, and other threads wait for the lock.
    #[must_use]
    pub const unsafe fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Waits for the lock.
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> NoCutGuard<'_, T> {
        // SAFETY: the mark ends with the guard; the caller of `new` vouches for the code that runs meanwhile
        // (ORDER-54).
        let no_cut = unsafe { NoCut::begin(thread::current()) };
        NoCutGuard {
            value: self.0.lock(),
            _no_cut: no_cut,
        }
    }

    /// Returns the guarded value; the exclusive borrow proves that no thread holds the lock.
    #[cfg(not(samara_model))]
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    /// Takes the lock if it is free; does not wait.
    #[cfg(not(samara_model))]
    #[inline]
    pub fn try_lock(&self) -> Option<NoCutGuard<'_, T>> {
        // SAFETY: as in `lock` (ORDER-54).
        let no_cut = unsafe { NoCut::begin(thread::current()) };
        self.0.try_lock().map(|value| NoCutGuard {
            value,
            _no_cut: no_cut,
        })
    }
}

impl<T> Deref for NoCutGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for NoCutGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> fmt::Debug for NoCutMutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoCutMutex").finish_non_exhaustive()
    }
}

impl<T: fmt::Debug> fmt::Debug for NoCutGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
