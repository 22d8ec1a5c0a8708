//! The lowest part of a thread's stack: closed, and open only while trusted code that began above it
//! comes to its end there.

use samara_shared_heap::thread;
use std::cell::Cell;
use std::ops::Range;
use std::ptr;

/// Bytes of the reserve: what the deepest trusted code takes in a debug build, and then the cut.
pub(super) const RESERVE: usize = 128 << 10;

/// The running thread's stack: where it ends below, where the reserve ends, where it begins.
#[derive(Clone, Copy)]
struct Parts {
    lowest: usize,
    usual: usize,
    end: usize,
    is_open: bool,
}

impl Parts {
    /// Whether the running code is on this stack, above the reserve.
    fn are_used_above(&self) -> bool {
        let here = 0_u8;
        (self.usual..self.end).contains(&(&raw const here).addr())
    }
}

std::thread_local! {
    static PARTS: Cell<Option<Parts>> = const { Cell::new(None) };
}

/// Closes the lowest part of the running thread's `stack` and tells the rest; once, before [`tear_down`].
pub(super) fn set_up(stack: Range<usize>) {
    let parts = Parts {
        lowest: stack.start,
        usual: stack.start.strict_add(RESERVE),
        end: stack.end,
        is_open: true,
    };
    // The first thread's stack is not mapped that far down: it has no reserve. Nor has one that is used up so far.
    if stack.len() > 2 * RESERVE && parts.are_used_above() && set(parts, false) {
        return;
    }
    // SAFETY: the running thread's stack, as the C library has made it.
    unsafe { thread::current().set_stack(stack) };
}

/// The stack is again as it was.
pub(super) fn tear_down() {
    if let Some(parts) = PARTS.take() {
        set(parts, true);
        PARTS.set(None);
    }
}

/// Whether `address` lies in the running thread's reserve.
pub(super) fn holds(address: usize) -> bool {
    PARTS
        .get()
        .is_some_and(|parts| (parts.lowest..parts.usual).contains(&address))
}

/// Opens the running thread's reserve; false if there is none, or it is open.
pub(super) fn open() -> bool {
    PARTS
        .get()
        .is_some_and(|parts| !parts.is_open && set(parts, true))
}

/// Closes it again, unless trusted code runs in it: that comes to an end further up.
pub(super) fn close() {
    let is_left = |parts: &Parts| parts.is_open && parts.are_used_above();
    if let Some(parts) = PARTS.get().filter(is_left) {
        set(parts, false);
    }
}

fn set(parts: Parts, is_open: bool) -> bool {
    let rights = if is_open {
        libc::PROT_READ | libc::PROT_WRITE
    } else {
        libc::PROT_NONE
    };
    let start = ptr::with_exposed_provenance_mut(parts.lowest);
    // SAFETY: the lowest part of the running thread's own stack; whoever closes it runs above.
    if unsafe { libc::mprotect(start, RESERVE, rights) } != 0 {
        return false;
    }
    PARTS.set(Some(Parts { is_open, ..parts }));
    let lowest = if is_open { parts.lowest } else { parts.usual };
    // SAFETY: what is mapped of it now.
    unsafe { thread::current().set_stack(lowest..parts.end) };
    true
}
