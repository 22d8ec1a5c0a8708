//! The lowest part of a thread's stack: closed, and open only while trusted code that began above it
//! comes to its end there.

use samara_shared_heap::thread;
use std::cell::Cell;
use std::ops::Range;
use std::ptr;

/// Bytes of the reserve: what the deepest trusted code takes in a debug build, and then the cut.
pub(super) const RESERVE: usize = 128 << 10;

/// Bytes that closing a reserve may itself take on the stack. Whoever leaves a domain has more: it found the room of an
/// entry there.
const ROOM_TO_CLOSE: usize = 4 << 10;

/// A stack with a reserve: where it ends below, where the reserve ends, where it begins.
#[derive(Clone, Copy)]
struct Parts {
    lowest: usize,
    usual: usize,
    end: usize,
    is_open: bool,
}

impl Parts {
    /// Those of `stack`, whose lowest part is closed already or not.
    fn of(stack: &Range<usize>, is_open: bool) -> Self {
        Self {
            lowest: stack.start,
            usual: stack.start.strict_add(RESERVE),
            end: stack.end,
            is_open,
        }
    }

    /// Whether the running code is on this stack, above the reserve, with room to close that.
    fn are_used_above(&self) -> bool {
        let here = 0_u8;
        let above = self.usual.saturating_add(ROOM_TO_CLOSE)..self.end;
        above.contains(&(&raw const here).addr())
    }

    /// As they are with the reserve open, or closed; `None`, and nothing is done, if the system refuses.
    fn with_reserve(self, is_open: bool) -> Option<Self> {
        let rights = if is_open {
            libc::PROT_READ | libc::PROT_WRITE
        } else {
            libc::PROT_NONE
        };
        let start = ptr::with_exposed_provenance_mut(self.lowest);
        // SAFETY: the lowest part of a stack of the running thread's; whoever closes it runs above.
        let code = unsafe { libc::mprotect(start, RESERVE, rights) };
        (code == 0).then_some(Self { is_open, ..self })
    }

    /// Tells the running thread's slot, which is on this stack.
    fn tell(&self) {
        let slot = thread::current();
        if self.is_open {
            // SAFETY: all of it is mapped now.
            unsafe { slot.open_reserve(self.lowest..self.end) };
        } else {
            // SAFETY: what is mapped of it now.
            unsafe { slot.set_stack(self.usual..self.end) };
        }
    }
}

std::thread_local! {
    /// The stack that the thread was made with, if that has a reserve.
    static OWN: Cell<Option<Parts>> = const { Cell::new(None) };
    /// The segment that it runs on, if any.
    static SEGMENT: Cell<Option<Parts>> = const { Cell::new(None) };
}

/// The stack that the running thread is on: the one that runs over.
fn current() -> Option<Parts> {
    SEGMENT.get().or(OWN.get())
}

/// Closes the lowest part of the running thread's `stack` and tells the rest; once, before [`tear_down`].
pub(super) fn set_up(stack: Range<usize>) {
    // The first thread's stack is not mapped that far down: it has no reserve. Nor has one that is used up so far.
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

/// The thread's own stack is again as it was.
pub(super) fn tear_down() {
    let opened = OWN.take().and_then(|parts| parts.with_reserve(true));
    if let Some(parts) = opened.filter(|_| SEGMENT.get().is_none()) {
        // SAFETY: all of it is mapped, and stays so.
        unsafe { thread::current().set_stack(parts.lowest..parts.end) };
    }
}

/// Runs `body`, which does not unwind, on the stack segment that the running thread has just come on, and that has a
/// closed reserve at its lower end. Called on the segment: what runs over before is the stack's that it came from.
pub(super) fn on_segment(segment: &Range<usize>, body: impl FnOnce()) {
    let parts = Parts::of(segment, false);
    let told = thread::current().stack();
    let outer = SEGMENT.replace(Some(parts));
    parts.tell();
    body();
    SEGMENT.set(outer);
    match current() {
        // Its reserve may have been opened on the way here.
        Some(parts) => parts.tell(),
        // SAFETY: a stack without a reserve, as it was told before.
        None => unsafe { thread::current().set_stack(told) },
    }
}

/// Whether `address` lies in the reserve of the stack that the running thread is on.
pub(super) fn holds(address: usize) -> bool {
    current().is_some_and(|parts| (parts.lowest..parts.usual).contains(&address))
}

/// Opens the reserve of the stack that the running thread is on; false if there is none, or it is open.
pub(super) fn open() -> bool {
    current().is_some_and(|parts| !parts.is_open && set(parts, true))
}

/// Closes it again, unless trusted code runs in it: that comes to an end further up.
pub(super) fn close() {
    let is_left = |parts: &Parts| parts.is_open && parts.are_used_above();
    if let Some(parts) = current().filter(is_left) {
        set(parts, false);
    }
}

/// Opens or closes the reserve of the stack that the running thread is on, which has these `parts`.
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
