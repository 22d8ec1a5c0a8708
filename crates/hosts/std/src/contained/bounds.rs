//! The pages that guard the running thread's stack.

use super::reserve;
use std::cell::Cell;
use std::ops::Range;

std::thread_local! {
    static GUARD: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// Whether `address` lies in a guard page or in the reserve of the stack that the running thread is on.
pub(super) fn is_guard(address: usize) -> bool {
    guard().contains(&address) || reserve::holds(address)
}

/// The guard pages of the stack that the running thread is on.
pub(super) fn guard() -> Range<usize> {
    GUARD.get().0..GUARD.get().1
}

/// Sets the guard pages of the stack that the running thread is on.
pub(super) fn set_guard(guard: Range<usize>) {
    GUARD.set((guard.start, guard.end));
}
