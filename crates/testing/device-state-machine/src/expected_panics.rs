//! Panics that are asked for say nothing; others are remembered.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, Once, PoisonError};

use samara_testkit::hosted::as_host;

thread_local! {
    /// Panics of this thread say nothing.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// What nobody asked for: a panic in trusted code, or in the machine.
static UNASKED: Mutex<Option<String>> = Mutex::new(None);

/// A panic that is asked for.
struct Asked;

/// Has panics that are asked for say nothing, and others be remembered. For the length of the process.
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

/// The first panic that nobody asked for since this was last asked.
pub(crate) fn unasked() -> Option<String> {
    UNASKED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}

/// Runs `f`, whose panics say nothing.
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

/// Panics, past the hook.
pub(crate) fn panic_as_asked() -> ! {
    panic::resume_unwind(Box::new(Asked))
}

/// Runs `f`; none if it panicked as it was asked to.
pub(crate) fn caught<R>(f: impl FnOnce() -> R) -> Option<R> {
    let is_asked = |payload: Box<dyn Any + Send>| match payload.downcast::<Asked>() {
        Ok(_) => None,
        Err(payload) => panic::resume_unwind(payload),
    };
    panic::catch_unwind(AssertUnwindSafe(f)).map_or_else(is_asked, Some)
}
