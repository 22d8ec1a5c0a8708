//! A lock in the shape of `spin::Mutex`.

use crate::bind;
use crate::statics;
use crate::wait;
use crate::weaken::{self, Fault};
use core::cell::UnsafeCell;
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::panic::Location;
use loom::sync::atomic::{AtomicBool, Ordering};
use std::cell::Cell;
use std::rc::Rc;

thread_local! {
    static LOOK: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// Makes every lock call `look` right after it is taken and right before it is released, until the test ends.
pub fn on_lock(look: fn()) {
    LOOK.set(Some(look));
}

pub(crate) fn forget_look() {
    LOOK.set(None);
}

fn look() {
    if let Some(look) = LOOK.get() {
        look();
    }
}

/// A lock like the shipped one: it is taken by an acquiring exchange, and released by a releasing store.
pub struct Mutex<T: ?Sized> {
    // The lock is bound to loom by this byte's address. The value's address would not do, because the value may have
    // size zero or begin with another lock.
    address: UnsafeCell<u8>,
    value: UnsafeCell<T>,
}

// SAFETY: the lock excludes other threads, and loom's threads take turns on one thread of the operating system.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
// SAFETY: the cells belong to the lock.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}

impl<T> Mutex<T> {
    /// Creates a lock around `value`.
    pub const fn new(value: T) -> Self {
        Self {
            address: UnsafeCell::new(0),
            value: UnsafeCell::new(value),
        }
    }

    /// Takes the lock.
    #[track_caller]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        // SAFETY: these are the bytes of the lock's value, valid for reads. They are written only when an execution
        // begins, and then no thread has a guard.
        unsafe { statics::remember(self.value.get().cast(), size_of::<T>()) };
        let taken = bind::lock(self.address.get().addr());
        let weak = weaken::applies(Fault::Lock, Location::caller());
        let (acquire, release) = if weak {
            (Ordering::Relaxed, Ordering::Relaxed)
        } else {
            (Ordering::Acquire, Ordering::Release)
        };
        while taken
            .compare_exchange(false, true, acquire, Ordering::Relaxed)
            .is_err()
        {
            wait::yield_now();
        }
        look();
        MutexGuard {
            mutex: self,
            taken,
            release,
        }
    }
}

impl<T: ?Sized> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").finish_non_exhaustive()
    }
}

impl<T: ?Sized> Drop for Mutex<T> {
    fn drop(&mut self) {
        bind::forget_lock(self.address.get().addr());
    }
}

/// A guard: the right to use the value of a lock that is held.
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    taken: Rc<AtomicBool>,
    release: Ordering,
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard holds the lock, and is borrowed mutably.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        // While a panic unwinds, the execution has failed, and loom's objects must not be used any more.
        if !std::thread::panicking() {
            look();
            self.taken.store(false, self.release);
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
