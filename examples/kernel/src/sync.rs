//! The kernel's locks. A thread holds a `Lock` under the no-cut mark: for a number of ticks the thread keeps the CPU,
//! and a kill does not cut it.

use samara::heap::NoCutMutex;
use samara::heap::no_cut_mutex::NoCutGuard;
use spin::Mutex;
use x86_64::instructions::interrupts;

/// A lock between threads. Trap handlers must not take it.
pub(crate) struct Lock<T>(NoCutMutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        // SAFETY: under its locks the kernel runs only its own code, for a bounded time, and it forgets no guard.
        Self(unsafe { NoCutMutex::new(value) })
    }

    /// Takes the lock, and waits for it if necessary.
    pub(crate) fn lock(&self) -> NoCutGuard<'_, T> {
        self.0.lock()
    }
}

/// A lock that trap handlers take, too. It is held with interrupts disabled, for a short time.
pub(crate) struct TrapLock<T>(Mutex<T>);

impl<T> TrapLock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Runs `action` under the lock. `action` must not trap.
    pub(crate) fn with<R>(&self, action: impl FnOnce(&mut T) -> R) -> R {
        interrupts::without_interrupts(|| action(&mut self.0.lock()))
    }
}
