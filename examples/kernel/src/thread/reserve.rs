//! The reserve at the low end of each stack. The reserve is for trusted code that a domain calls with too little
//! stack left. Trusted code must run to its end, so the page fault handler opens the reserve, and the thread is cut
//! after the trusted code has returned.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::cpu::current;
use super::stack::Stack;
use super::table::MAIN;
use super::tcb::Thread;
use crate::host::{self, KernelHost};

/// Bytes of stack that [`close`] may itself take. A thread that leaves a domain has more room, since its call into
/// the domain has found room for an entry at this depth.
const ROOM_TO_CLOSE: usize = 4 * 1024;

/// How often a reserve was opened since boot.
static OPENED: AtomicU32 = AtomicU32::new(0);

/// How often a reserve was closed again.
static CLOSED: AtomicU32 = AtomicU32::new(0);

/// Closes the reserve of the main stack, and sets the hook through which the runtime has the kernel close reserves.
///
/// # Panics
/// If a page of the reserve is not mapped as a page of 4 KiB.
pub(super) fn init() {
    let stack = Stack::of_image()
        .expect("a page of the main stack's reserve is not mapped as a 4 KiB page");
    // SAFETY: the running thread runs on the part of its stack that stays open.
    unsafe { MAIN.slot.set_stack(stack.usual()) };
    // SAFETY: the cell belongs to the running thread, and no trap that reads the cell happens here.
    unsafe { *MAIN.stack.get() = Some(stack) };
    host::runtime().set_stack_probe(&KernelHost);
}

/// Opens the reserve of `thread`, the interrupted thread. Returns false if the reserve is open already, or if there
/// is none. Takes no lock and allocates nothing.
pub(super) fn open(thread: &Thread) -> bool {
    // SAFETY: `thread` is the running thread, so its stack exists and is not freed. Only the thread itself and its
    // trap handlers use the cell.
    let stack = unsafe { (*thread.stack.get()).as_ref() };
    let Some(stack) = stack.filter(|stack| stack.reserve().open()) else {
        return false;
    };
    OPENED.fetch_add(1, Relaxed);
    // SAFETY: the reserve is open, so all of the stack is mapped.
    unsafe { thread.slot.open_reserve(stack.whole()) };
    true
}

/// Closes the running thread's reserve, if the reserve is open and no frame lies in it. The thread acts for the host
/// here, so it is not cut.
pub(crate) fn close() {
    let thread = current();
    // SAFETY: as in `open`; the cell is the running thread's own.
    let stack = unsafe { (*thread.stack.get()).as_ref() };
    let here = (&raw const thread).addr();
    // Trusted code that runs in the reserve may call a domain. When the thread leaves that domain, frames still lie
    // in the reserve, so a later call of this function closes it.
    let is_above = |stack: &&Stack| stack.usual().contains(&here.saturating_sub(ROOM_TO_CLOSE));
    let Some(stack) = stack.filter(is_above) else {
        return;
    };
    // The slot's record changes before the pages are closed, so that no call into a domain counts on closed pages.
    // SAFETY: this part of the stack is always open.
    unsafe { thread.slot.set_stack(stack.usual()) };
    if stack.reserve().close() {
        CLOSED.fetch_add(1, Relaxed);
    }
}

/// Whether the running thread's reserve is open.
pub(crate) fn is_open() -> bool {
    current().slot.has_open_reserve()
}

/// Returns how often a reserve was opened, and how often a reserve was closed again.
#[cfg(feature = "kernel-tests")]
pub(crate) fn counts() -> (u32, u32) {
    (OPENED.load(Relaxed), CLOSED.load(Relaxed))
}

/// Opens the running thread's own reserve. Returns false if it is open already.
#[cfg(feature = "kernel-tests")]
pub(crate) fn open_own() -> bool {
    x86_64::instructions::interrupts::without_interrupts(|| open(current()))
}

/// Returns the size of those pages of the running thread's reserve that were written to since the reserve was made.
#[cfg(feature = "kernel-tests")]
pub(crate) fn used() -> usize {
    // SAFETY: as in `open`; the cell is the running thread's own.
    let stack = unsafe { (*current().stack.get()).as_ref() };
    stack.map_or(0, |stack| stack.reserve().written())
}
