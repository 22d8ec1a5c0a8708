//! The lock of the trusted side: who holds it is under a no-cut mark, so no cut leaves it taken.

use crate::primitive::{Mutex, MutexGuard};
use crate::thread::{self, NoCut};
use core::fmt;
use core::ops::{Deref, DerefMut};

/// A spin lock that is held under a [`NoCut`] mark: neither a cut nor a pre-emption comes while it is.
///
/// Cost beside the lock's own: the running thread's slot, and two plain additions.
pub struct NoCutMutex<T>(Mutex<T>);

/// Access to what a [`NoCutMutex`] guards.
// The order matters: the lock is given back before the mark.
pub struct NoCutGuard<'a, T> {
    value: MutexGuard<'a, T>,
    _no_cut: NoCut<'static>,
}

impl<T> NoCutMutex<T> {
    /// A lock around `value`.
    ///
    /// # Safety
    /// What runs while it is held is trusted code that ends in bounded time, none of a domain's, and no guard
    /// is forgotten: the thread is not cut meanwhile, and the others wait.
    #[must_use]
    pub const unsafe fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Waits for the lock.
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> NoCutGuard<'_, T> {
        // SAFETY: released with the guard, as whoever made the lock vouches.
        let no_cut = unsafe { NoCut::begin(thread::current()) };
        NoCutGuard {
            value: self.0.lock(),
            _no_cut: no_cut,
        }
    }

    /// What it guards: nobody else has it.
    #[cfg(not(samara_model))]
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    /// Takes the lock if it is free. Does not wait.
    #[cfg(not(samara_model))]
    #[inline]
    pub fn try_lock(&self) -> Option<NoCutGuard<'_, T>> {
        // SAFETY: as in `lock`.
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
