//! The reserve: the lowest part of a thread's stack. It is usually inaccessible. It is opened when trusted code that
//! began above it cannot finish without it.

use samara_shared_heap::thread;
use std::cell::Cell;
use std::ops::Range;
use std::ptr;

/// The size of the reserve in bytes. It holds the deepest trusted code of a debug build, and the cut that follows.
pub(super) const RESERVE: usize = 128 << 10;

/// The bytes of stack that closing a reserve may itself take. A thread that leaves a domain has more room than this,
/// because its call into the domain found room for an entry at this depth.
const ROOM_TO_CLOSE: usize = 4 << 10;

/// A stack with a reserve. The reserve reaches from `lowest` up to `usual`. The part that is usually used reaches
/// from `usual` up to `end`.
#[derive(Clone, Copy)]
struct Parts {
    lowest: usize,
    usual: usize,
    end: usize,
    is_open: bool,
}

impl Parts {
    /// Returns the parts of `stack`. `is_open` says whether its reserve is open.
    fn of(stack: &Range<usize>, is_open: bool) -> Self {
        Self {
            lowest: stack.start,
            usual: stack.start.strict_add(RESERVE),
            end: stack.end,
            is_open,
        }
    }

    /// Whether the running code is on this stack, above the reserve, with enough room to close the reserve.
    fn are_used_above(&self) -> bool {
        let here = 0_u8;
        let above = self.usual.saturating_add(ROOM_TO_CLOSE)..self.end;
        above.contains(&(&raw const here).addr())
    }

    /// Opens or closes the reserve, and returns the new parts. Returns `None`, with nothing changed, if the system
    /// refuses.
    fn with_reserve(self, is_open: bool) -> Option<Self> {
        let rights = if is_open {
            libc::PROT_READ | libc::PROT_WRITE
        } else {
            libc::PROT_NONE
        };
        let start = ptr::with_exposed_provenance_mut(self.lowest);
        // SAFETY: the lowest part of a stack of the running thread. The code that closes it runs above it.
        let code = unsafe { libc::mprotect(start, RESERVE, rights) };
        (code == 0).then_some(Self { is_open, ..self })
    }

    /// Reports the usable part to the running thread's slot. The thread is on this stack.
    fn tell(&self) {
        let slot = thread::current();
        if self.is_open {
            // SAFETY: the whole stack is mapped and accessible now.
            unsafe { slot.open_reserve(self.lowest..self.end) };
        } else {
            // SAFETY: this part is mapped and accessible now.
            unsafe { slot.set_stack(self.usual..self.end) };
        }
    }
}

std::thread_local! {
    /// The stack with which the thread was made, if that has a reserve.
    static OWN: Cell<Option<Parts>> = const { Cell::new(None) };
    /// The stack segment that the thread runs on, if any.
    static SEGMENT: Cell<Option<Parts>> = const { Cell::new(None) };
}

/// Returns the stack that the running thread is on, if it has a reserve. An overflow always concerns this stack.
fn current() -> Option<Parts> {
    SEGMENT.get().or(OWN.get())
}

/// Closes the reserve of the running thread's `stack` and reports the rest to the thread's slot. Called once,
/// before [`tear_down`].
pub(super) fn set_up(stack: Range<usize>) {
    // The lowest part of the first thread's stack is not mapped, so this thread gets no reserve. A thread whose stack
    // is already in use down to the reserve gets none either.
    let parts = (stack.len() > 2 * RESERVE).then(|| Parts::of(&stack, true));
    let parts = parts.filter(Parts::are_used_above);
    if let Some(closed) = parts.and_then(|parts| parts.with_reserve(false)) {
        OWN.set(Some(closed));
        closed.tell();
    } else {
        // SAFETY: the running thread's stack, as the C library has made it.
        unsafe { thread::current().set_stack(stack) };
    }
}

/// Opens the reserve of the thread's own stack, and so undoes [`set_up`].
pub(super) fn tear_down() {
    let opened = OWN.take().and_then(|parts| parts.with_reserve(true));
    if let Some(parts) = opened.filter(|_| SEGMENT.get().is_none()) {
        // SAFETY: the whole stack is mapped, and stays so.
        unsafe { thread::current().set_stack(parts.lowest..parts.end) };
    }
}

/// Runs `body`, which does not unwind. The running thread has just switched to `segment`, whose lower end is a closed
/// reserve. An overflow before this call is reported as an overflow of the stack that the thread came from.
pub(super) fn on_segment(segment: &Range<usize>, body: impl FnOnce()) {
    let parts = Parts::of(segment, false);
    let before = thread::current().stack();
    let outer = SEGMENT.replace(Some(parts));
    parts.tell();
    body();
    SEGMENT.set(outer);
    match current() {
        // The reserve of the outer stack may be open, because the switch to the segment may have needed it.
        Some(parts) => parts.tell(),
        // SAFETY: a stack without a reserve, with the bounds that the slot had before.
        None => unsafe { thread::current().set_stack(before) },
    }
}

/// Whether `address` lies in the reserve of the stack that the running thread is on.
pub(super) fn holds(address: usize) -> bool {
    current().is_some_and(|parts| (parts.lowest..parts.usual).contains(&address))
}

/// Opens the reserve of the stack that the running thread is on. Returns false if there is none, or if it is
/// open already.
pub(super) fn open() -> bool {
    current().is_some_and(|parts| !parts.is_open && set(parts, true))
}

/// Closes the reserve again, unless trusted code still runs in it.
pub(super) fn close() {
    let is_left = |parts: &Parts| parts.is_open && parts.are_used_above();
    if let Some(parts) = current().filter(is_left) {
        set(parts, false);
    }
}

/// Opens or closes the reserve of the stack that the running thread is on. `parts` are the parts of this stack.
fn set(parts: Parts, is_open: bool) -> bool {
    let Some(parts) = parts.with_reserve(is_open) else {
        return false;
    };
    let on = if SEGMENT.get().is_some() {
        &SEGMENT
    } else {
        &OWN
    };
    on.set(Some(parts));
    parts.tell();
    true
}
