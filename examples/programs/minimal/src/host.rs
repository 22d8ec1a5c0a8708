//! The host: one thread on one CPU, with memory from one static buffer.
#![expect(unsafe_code, reason = "binds the host traits")]

use core::ptr::NonNull;
use samara::heap::fixed::{Buffer, FixedPages};
use samara::heap::host::HeapHost;
use samara::heap::thread::ThreadSlot;
use samara::runtime::host::{Arenas, Clock, Events, Threads, Window};
use samara::unwind::jump::{Anchor, JumpHost};
use samara::{Event, Owner, Runtime};

struct Host;

/// The state of the one thread.
struct Main {
    slot: ThreadSlot,
    anchor: Anchor,
}

// SAFETY: there is one thread, and no interrupt handler touches its state.
unsafe impl Sync for Main {}

static MAIN: Main = Main {
    slot: ThreadSlot::new(0),
    anchor: Anchor::new(),
};

/// Six slabs of 4 KiB: one for each size class and kind that the program uses, and a spare one.
static BUFFER: Buffer<{ 6 * 4096 }> = Buffer::new();
static PAGES: FixedPages = FixedPages::new();

// SAFETY: there is one thread and one slot. `FixedPages` gives each page to one user at a time.
unsafe impl HeapHost for Host {
    #[inline]
    fn thread_slot() -> NonNull<ThreadSlot> {
        NonNull::from_ref(&MAIN.slot)
    }

    fn alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>> {
        PAGES.alloc(bytes, align)
    }

    unsafe fn free_pages(start: NonNull<u8>, bytes: usize, _: usize) {
        // SAFETY: the caller guarantees that the pages came from `PAGES.alloc` and that nothing refers to them any
        // more.
        unsafe { PAGES.free(start, bytes) }
    }
}

// SAFETY: there is one thread and one anchor. The domains forbid unsafe code, and no other code runs in them.
unsafe impl JumpHost for Host {
    #[inline]
    fn anchor() -> &'static Anchor {
        &MAIN.anchor
    }
}

// SAFETY: the clock returns a constant.
unsafe impl Clock for Host {
    fn now_ns() -> u64 {
        0
    }
}

impl Events for Host {
    fn event(_: &Event<'_>) {}
}

// SAFETY: `yield_now` does nothing.
unsafe impl Threads for Host {
    fn yield_now() {}
}

// SAFETY: there are no private heaps.
unsafe impl Arenas for Host {
    fn window() -> Option<Window> {
        None
    }

    fn commit(_: Owner, _: NonNull<u8>, _: usize) -> bool {
        false
    }

    unsafe fn decommit(_: Owner, _: NonNull<u8>, _: usize) {}
}

samara::set_heap_host!(Host);
samara::set_runtime_host!(Host);
samara::unwind::set_jump_host!(Host);

/// Gives the heap its memory, once, and returns the authority over domains.
pub(crate) fn runtime() -> Runtime {
    if let Some(memory) = BUFFER.take() {
        PAGES.give(memory);
    }
    // SAFETY: this is the host, and it gives the `Runtime` to no domain.
    unsafe { Runtime::assume_host() }
}
