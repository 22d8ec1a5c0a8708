//! The host of the loom tests: loom's threads, pages that are freed when the next execution begins, and a clock that
//! stands still.

use core::ptr::NonNull;
use samara_domain_runtime::host::{Arenas, Clock, Events, Threads, Window};
use samara_domain_runtime::{Event, Runtime};
use samara_loom_primitives::forbid;
use samara_shared_heap::Owner;
use samara_shared_heap::host::HeapHost;
use samara_shared_heap::thread::{self, ThreadSlot};
use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, RefCell};

/// The host of the loom tests.
#[derive(Debug)]
pub struct LoomHost;

samara_shared_heap::set_heap_host!(LoomHost);
samara_domain_runtime::set_runtime_host!(LoomHost);

loom::thread_local! {
    static SLOT: Box<ThreadSlot> = Box::new(ThreadSlot::new(0));
}

thread_local! {
    /// Pages that the heap has taken since the execution began. At the beginning of each execution the heap's statics
    /// are reset, so the heap forgets these pages. So the host frees them.
    static PAGES: RefCell<Vec<(NonNull<u8>, Layout)>> = const { RefCell::new(Vec::new()) };
}

thread_local! {
    static WAKES: Cell<u32> = const { Cell::new(0) };
}

/// Returns how often the reaper was woken in this execution.
#[must_use]
pub fn wakes() -> u32 {
    WAKES.get()
}

// SAFETY: each of loom's threads has one slot, in a box that lives as long as the thread. Pages come from the
// system's allocator with the layout that is asked for.
unsafe impl HeapHost for LoomHost {
    fn thread_slot() -> NonNull<ThreadSlot> {
        SLOT.with(|slot| NonNull::from_ref(&**slot))
    }

    fn alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let layout = Layout::from_size_align(bytes, align).ok()?;
        // SAFETY: the heap asks for whole pages, so the size is not zero.
        let start = NonNull::new(unsafe { alloc(layout) })?;
        PAGES.with_borrow_mut(|pages| pages.push((start, layout)));
        Some(start)
    }

    unsafe fn free_pages(start: NonNull<u8>, bytes: usize, _: usize) {
        // The pages stay allocated until the next execution begins. `forbid` makes every later use of a word in them
        // fail the test.
        forbid(start.addr().get()..start.addr().get() + bytes);
    }
}

// SAFETY: a clock that stands still never goes back.
unsafe impl Clock for LoomHost {
    fn now_ns() -> u64 {
        0
    }
}

impl Events for LoomHost {
    fn event(event: &Event<'_>) {
        if matches!(event, Event::Reclaimed { .. }) {
            crate::domain::reclaimed();
        }
    }
}

// SAFETY: there are no private heaps. The functions panic only if loom does, and then the test is over.
unsafe impl Threads for LoomHost {
    fn yield_now() {
        samara_loom_primitives::yield_now();
    }

    fn wake_reaper() {
        WAKES.set(WAKES.get() + 1);
    }
}

// SAFETY: without a window, no arena is ever committed.
unsafe impl Arenas for LoomHost {
    fn window() -> Option<Window> {
        None
    }
    fn commit(_: Owner, _: NonNull<u8>, _: usize) -> bool {
        false
    }
    unsafe fn decommit(_: Owner, _: NonNull<u8>, _: usize) {}
}

/// Begins an execution, and frees the pages of the previous one.
pub fn begin() {
    WAKES.set(0);
    PAGES.with_borrow_mut(|pages| {
        for (start, layout) in pages.drain(..) {
            // SAFETY: the pages were allocated with this layout, by an execution that has ended.
            unsafe { dealloc(start.as_ptr(), layout) };
        }
    });
}

/// Size of a stack, in words.
const STACK_WORDS: usize = 1 << 15;

/// Returns the authority over domains.
#[must_use]
pub fn runtime() -> Runtime {
    // SAFETY: the loom test is the host.
    unsafe { Runtime::assume_host() }
}

/// Carries a value that is not `Send` to another of loom's threads. This is sound because loom's threads take turns
/// on one thread of the operating system.
struct Here<T>(T);

// SAFETY: see the type.
unsafe impl<T> Send for Here<T> {}

impl<R, F: FnOnce() -> R> Here<F> {
    fn call(self) -> R {
        (self.0)()
    }
}

/// Runs `body` on another of loom's threads, on CPU `shard`.
///
/// # Panics
/// If loom has no more threads.
pub fn spawn(shard: usize, body: impl FnOnce() + 'static) -> loom::thread::JoinHandle<()> {
    let thread = loom::thread::Builder::new().stack_size(STACK_WORDS);
    let body = Here(body);
    let run = move || {
        thread::current().set_shard(shard);
        body.call();
    };
    thread
        .spawn(run)
        .unwrap_or_else(|error| panic!("loom could not start a thread: {error}"))
}
