//! A boundary inside a domain, behind which something ends in any case.

use super::activation::{Activation, CROSSING, innermost};
use super::raise;
use crate::contain;
use samara_shared_heap::thread::{self, Frame};

/// Runs `f` behind a boundary of its own of whom the thread runs for, then `after`, as the host: in any case,
/// also when `f` is cut, before what cut it goes on outwards. For what must end before a call of the
/// domain's returns. Cost: what a boundary costs.
///
/// # Safety
/// `after` is trusted code of the host's side, ends in bounded time and does not panic.
pub unsafe fn bounded<F: FnOnce() -> R, R, E>(f: F, after: impl FnOnce() -> E) -> (R, E) {
    fn apart<F: FnOnce() -> R, R>(f: F) -> R {
        f()
    }
    // The optimiser knows nothing of it: expanded in here, its landing pads would be this frame's, and
    // from those a second panic finds no way to the boundary.
    let apart: fn(F) -> R = core::hint::black_box(apart);
    let thread = thread::current();
    let below = thread.top();
    let outer = innermost(thread);
    let inner = outer.map(|outer| Activation {
        frame: Frame::new(outer.frame.owner(), below),
        block: outer.block,
        word_and_used: outer.word_and_used.clone(),
    });
    if let Some(inner) = &inner {
        // SAFETY: lives to the end of this function and is taken off before; the same generation's as the
        // one below, which keeps it.
        unsafe { thread.set_top((&raw const *inner).cast()) };
    }
    let outcome = samara_unwind::catch(|| apart(f));
    // While the inner activation is on top: outside `catch` nothing is cut, and as the host neither.
    // SAFETY: the caller's.
    let after = unsafe { thread::as_host(after) };
    if let (Some(inner), Some(outer)) = (&inner, outer) {
        // What was used up in there counts. After a cut it says that the inner one is left, not this one.
        let word_and_used = inner.word_and_used.get();
        if word_and_used != CROSSING {
            outer.word_and_used.set(word_and_used);
        }
    }
    // SAFETY: this was the top before.
    unsafe { thread.set_top(below) };
    match outcome {
        Ok(result) => (result, after),
        Err(payload) => {
            payload.dispose();
            if outer.is_some_and(|outer| outer.target().is_dead()) {
                contain::end_self();
            }
            raise()
        }
    }
}
