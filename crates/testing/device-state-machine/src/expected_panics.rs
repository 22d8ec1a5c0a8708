//! Panics that the test asks for are not printed. All others are recorded.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, Once, PoisonError};

use samara_testkit::hosted::as_host;

thread_local! {
    /// Whether panics of this thread are silent.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// The first panic that the test did not ask for. Such a panic comes from trusted code or from this crate.
static UNASKED: Mutex<Option<String>> = Mutex::new(None);

/// The payload of a panic that the test asks for.
struct Asked;

/// Silences the panics that the test asks for, and records all others, for the lifetime of the process.
pub fn be_quiet() {
    static SET: Once = Once::new();
    SET.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if QUIET.get() {
                return;
            }
            as_host(|| {
                let mut unasked = UNASKED.lock().unwrap_or_else(PoisonError::into_inner);
                unasked.get_or_insert_with(|| info.to_string());
            });
            hook(info);
        }));
    });
}

/// Returns the first unexpected panic since the last call.
pub(crate) fn unasked() -> Option<String> {
    UNASKED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}

/// Runs `f`. Panics in it are neither printed nor recorded.
pub(crate) fn silent<R>(f: impl FnOnce() -> R) -> R {
    struct Loud(bool);
    impl Drop for Loud {
        fn drop(&mut self) {
            QUIET.set(self.0);
        }
    }
    let _loud = Loud(QUIET.replace(true));
    f()
}

/// Panics because the test asked for it. The panic hook is not called, so nothing is printed or recorded.
pub(crate) fn panic_as_asked() -> ! {
    panic::resume_unwind(Box::new(Asked))
}

/// Runs `f`. Returns `None` if `f` panicked because the test asked for it. Any other panic goes on.
pub(crate) fn caught<R>(f: impl FnOnce() -> R) -> Option<R> {
    let is_asked = |payload: Box<dyn Any + Send>| match payload.downcast::<Asked>() {
        Ok(_) => None,
        Err(payload) => panic::resume_unwind(payload),
    };
    panic::catch_unwind(AssertUnwindSafe(f)).map_or_else(is_asked, Some)
}
