//! Locks of the kernel. A lock that a thread holds is held under the no-cut mark: the tick does not
//! take the processor from its holder, and a kill does not cut it.

use core::ops::{Deref, DerefMut};

use samara::heap::thread::NoCut;
use spin::{Mutex, MutexGuard};
use x86_64::instructions::interrupts;

use crate::arch::cpu;

/// A lock between threads. No trap handler may ask for it.
pub(crate) struct Lock<T>(Mutex<T>);

/// Of a [`Lock`]. The lock is given back before the mark.
pub(crate) struct Guard<'a, T> {
    value: MutexGuard<'a, T>,
    _mark: NoCut<'static>,
}

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Waits for the lock.
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        let mark = NoCut::begin(&cpu::thread().slot);
        Guard {
            value: self.0.lock(),
            _mark: mark,
        }
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// A lock that trap handlers ask for, too: held with interrupts off, for a few instructions.
pub(crate) struct TrapLock<T>(Mutex<T>);

impl<T> TrapLock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Runs `action` under the lock; it must not trap.
    pub(crate) fn with<R>(&self, action: impl FnOnce(&mut T) -> R) -> R {
        interrupts::without_interrupts(|| action(&mut self.0.lock()))
    }
}
