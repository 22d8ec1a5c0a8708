//! What is below each stack for trusted code that a domain has called when it had used the stack up: that
//! must run to its end, so the page fault's handler opens the reserve, and the thread is cut afterwards.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::cpu::current;
use super::stack::Stack;
use super::table::MAIN;
use super::tcb::Thread;
use crate::host::{self, KernelHost};

/// Bytes that closing a reserve may itself take on the stack. Whoever leaves a domain has more: it found the room of an
/// entry there.
const ROOM_TO_CLOSE: usize = 4 * 1024;

/// How often a reserve was opened since boot.
static OPENED: AtomicU32 = AtomicU32::new(0);

/// How often one was closed again.
static CLOSED: AtomicU32 = AtomicU32::new(0);

/// Closes the lowest part of the stack that the kernel booted on. From here on the runtime says when a
/// reserve may be closed.
///
/// # Panics
/// Where that part is not mapped as it should be.
pub(super) fn init() {
    let stack = Stack::of_image().expect("its pages are mapped one by one");
    // SAFETY: the part that stays open, where the running thread is.
    unsafe { MAIN.slot.set_stack(stack.usual()) };
    // SAFETY: the running thread's; no trap that looks at it strikes here.
    unsafe { *MAIN.stack.get() = Some(stack) };
    host::runtime().set_stack_probe(&KernelHost);
}

/// Opens the reserve of `thread`, which was interrupted; false if it is open, or there is none. Takes no lock
/// and no memory.
pub(super) fn open(thread: &Thread) -> bool {
    // SAFETY: it runs, so its stack was made and is not taken away; nobody else looks at it.
    let stack = unsafe { (*thread.stack.get()).as_ref() };
    let Some(stack) = stack.filter(|stack| stack.reserve().open()) else {
        return false;
    };
    OPENED.fetch_add(1, Relaxed);
    // SAFETY: open, all of it is mapped.
    unsafe { thread.slot.open_reserve(stack.whole()) };
    true
}

/// Closes the running thread's reserve, if it is open and nothing lies there. May be cut half way: whoever is
/// comes by again.
pub(crate) fn close() {
    let thread = current();
    // SAFETY: the running thread's own, as above.
    let stack = unsafe { (*thread.stack.get()).as_ref() };
    let here = (&raw const thread).addr();
    // Trusted code that calls a domain from down there comes to an end further up.
    let is_above = |stack: &&Stack| stack.usual().contains(&here.saturating_sub(ROOM_TO_CLOSE));
    let Some(stack) = stack.filter(is_above) else {
        return;
    };
    // First: nobody enters a domain on what is closed.
    // SAFETY: this part is always open.
    unsafe { thread.slot.set_stack(stack.usual()) };
    if stack.reserve().close() {
        CLOSED.fetch_add(1, Relaxed);
    }
}

/// Whether the running thread's reserve is open.
pub(crate) fn is_open() -> bool {
    current().slot.has_open_reserve()
}

/// How often a reserve was opened, and closed again by who came out of it.
#[cfg(feature = "kernel-tests")]
pub(crate) fn counts() -> (u32, u32) {
    (OPENED.load(Relaxed), CLOSED.load(Relaxed))
}

/// Opens the running thread's own.
#[cfg(feature = "kernel-tests")]
pub(crate) fn open_own() -> bool {
    x86_64::instructions::interrupts::without_interrupts(|| open(current()))
}

/// Bytes of the running thread's reserve that were written to since it was made.
#[cfg(feature = "kernel-tests")]
pub(crate) fn used() -> usize {
    // SAFETY: the running thread's own, as above.
    let stack = unsafe { (*current().stack.get()).as_ref() };
    stack.map_or(0, |stack| stack.reserve().written())
}
