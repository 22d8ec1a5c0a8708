//! A lock that doesn't wait for ever.

use samara_device_io::PciFunction;
use spin::{Mutex, MutexGuard};

/// Takes `mutex`, relaxing between tries, for at most `millis` milliseconds.
pub(crate) fn lock<'m, T>(
    function: &PciFunction,
    mutex: &'m Mutex<T>,
    millis: u64,
) -> Option<MutexGuard<'m, T>> {
    if let Some(guard) = mutex.try_lock() {
        return Some(guard);
    }
    let mut guard = None;
    function.deadline(millis).poll(|| {
        guard = mutex.try_lock();
        guard.is_some()
    });
    guard
}
