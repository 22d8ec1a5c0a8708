//! The host: loom's threads, pages that an execution gives back when it ends, no clock.

use core::ptr::NonNull;
use samara_domain_runtime::host::{Arenas, Clock, Events, Threads, Window};
use samara_domain_runtime::{Event, Runtime};
use samara_loom_primitives::forbid;
use samara_shared_heap::Owner;
use samara_shared_heap::host::HeapHost;
use samara_shared_heap::thread::{self, ThreadSlot};
use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, RefCell};

/// The host in loom.
#[derive(Debug)]
pub struct LoomHost;

samara_shared_heap::set_heap_host!(LoomHost);
samara_domain_runtime::set_runtime_host!(LoomHost);

loom::thread_local! {
    static SLOT: Box<ThreadSlot> = Box::new(ThreadSlot::new(0));
}

thread_local! {
    /// Pages that the heap holds, of the executions so far: statics forget, so these must not leak.
    static PAGES: RefCell<Vec<(NonNull<u8>, Layout)>> = const { RefCell::new(Vec::new()) };
}

thread_local! {
    static WAKES: Cell<u32> = const { Cell::new(0) };
}

/// How often the reaper was woken in this execution.
#[must_use]
pub fn wakes() -> u32 {
    WAKES.get()
}

// SAFETY: one slot for each of loom's threads, in a box that lives as long as the thread; pages come
// from the system's allocator with the layout that is asked for.
unsafe impl HeapHost for LoomHost {
    fn thread_slot() -> NonNull<ThreadSlot> {
        SLOT.with(|slot| NonNull::from_ref(&**slot))
    }

    fn alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let layout = Layout::from_size_align(bytes, align).ok()?;
        // SAFETY: the heap asks for whole pages, so for more than nothing.
        let start = NonNull::new(unsafe { alloc(layout) })?;
        PAGES.with_borrow_mut(|pages| pages.push((start, layout)));
        Some(start)
    }

    unsafe fn free_pages(start: NonNull<u8>, bytes: usize, _: usize) {
        // Kept to the end of the execution: whoever still uses a word in it is found out.
        forbid(start.addr().get()..start.addr().get() + bytes);
    }
}

// SAFETY: a constant.
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

// SAFETY: there are no private heaps; where loom panics the model is over.
unsafe impl Threads for LoomHost {
    fn yield_now() {
        samara_loom_primitives::yield_now();
    }

    fn wake_reaper() {
        WAKES.set(WAKES.get() + 1);
    }
}

// SAFETY: there is no window.
unsafe impl Arenas for LoomHost {
    fn window() -> Option<Window> {
        None
    }
    fn commit(_: Owner, _: NonNull<u8>, _: usize) -> bool {
        false
    }
    unsafe fn decommit(_: Owner, _: NonNull<u8>, _: usize) {}
}

/// Begins an execution: the pages of the last one go.
pub fn begin() {
    WAKES.set(0);
    PAGES.with_borrow_mut(|pages| {
        for (start, layout) in pages.drain(..) {
            // SAFETY: allocated with this layout, by an execution that ended.
            unsafe { dealloc(start.as_ptr(), layout) };
        }
    });
}

/// A stack's size, in words.
const STACK_WORDS: usize = 1 << 15;

/// The authority over domains.
#[must_use]
pub fn runtime() -> Runtime {
    // SAFETY: the model is the host.
    unsafe { Runtime::assume_host() }
}

/// What loom's threads may share, though nothing says so: they take turns on one thread.
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
        .unwrap_or_else(|error| panic!("loom starts threads: {error}"))
}
