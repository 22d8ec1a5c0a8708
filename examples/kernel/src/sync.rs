//! Locks of the kernel. A lock that a thread holds is held under the no-cut mark: the tick does not
//! take the processor from its holder, and a kill does not cut it.

use samara::heap::NoCutMutex;
use samara::heap::no_cut_mutex::NoCutGuard;
use spin::Mutex;
use x86_64::instructions::interrupts;

/// A lock between threads. No trap handler may ask for it.
pub(crate) struct Lock<T>(NoCutMutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        // SAFETY: what the kernel does under its locks is its own and bounded, and it forgets no guard.
        Self(unsafe { NoCutMutex::new(value) })
    }

    /// Waits for the lock.
    pub(crate) fn lock(&self) -> NoCutGuard<'_, T> {
        self.0.lock()
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
