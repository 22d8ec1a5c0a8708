//! This program's side of the `jump` backend.

use samara_unwind::jump::{Anchor, JumpHost};

thread_local! {
    static ANCHOR: &'static Anchor = Box::leak(Box::new(Anchor::new()));
}

pub(crate) fn of_this_thread() -> &'static Anchor {
    ANCHOR.with(|anchor| *anchor)
}

struct Threads;

// SAFETY: each thread has one anchor, which is leaked and so outlives the thread. The tests start no scoped threads
// inside a boundary, pin nothing there, and hold no lock that others wait for.
#[expect(unsafe_code, reason = "makes the promise of `JumpHost`")]
unsafe impl JumpHost for Threads {
    fn anchor() -> &'static Anchor {
        of_this_thread()
    }
}

samara_unwind::set_jump_host!(Threads);
