//! What marks an activation that a panic leaves.

use super::activation::innermost;
use samara_shared_heap::thread;

/// Dropped by a panic that leaves the boundary's body, whose frames are gone by then: marks the activation on top. What
/// follows is a call of `std`'s in the boundary's own frame, behind its `catch`: a cut in there would land in one that a caller
/// has put around it.
pub(super) struct Unwound;

impl Drop for Unwound {
    #[inline(always)]
    fn drop(&mut self) {
        uncut();
    }
}

extern "C" fn mark() {
    if let Some(activation) = innermost(thread::current()) {
        activation.unwind();
    }
}

/// Calls [`mark`] from a frame without an unwind table, through which no cut is made. The call of this function lies behind the
/// boundary's `catch` too. No panic leaves it, so the compiler need not say what the boundary's frame catches there: where
/// both neighbours in the table of calls are inside a caller's `catch`, it counts this one with them.
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
#[unsafe(naked)]
extern "C" fn uncut() {
    core::arch::naked_asm!("sub rsp, 8", "call {}", "add rsp, 8", "ret", sym mark)
}

/// Not expanded in place, where it would take registers of the way that does not panic.
#[cfg(not(all(feature = "contain", target_arch = "x86_64")))]
#[cold]
#[inline(never)]
fn uncut() {
    mark();
}

#[cfg(all(test, feature = "contain", target_arch = "x86_64"))]
mod tests {
    use super::{mark, uncut};
    use samara_unwind::tables::{Finder, Registered, TableError};

    #[test]
    fn no_cut_passes_through_the_frame_that_marks() {
        let _tables = samara_testkit::contained::contained(false);
        let rules = |of: extern "C" fn()| Registered.rules(of as usize + 1).map(drop);
        assert_eq!(rules(uncut), Err(TableError::NoEntry));
        assert_eq!(rules(mark), Ok(()), "the program's tables are there");
    }
}
