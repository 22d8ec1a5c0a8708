//! Per-CPU caches of page runs: what makes a 128 KiB buffer cost no lock of all and no host call.
//!
//! A run that is freed keeps its header page and its place in the registry's list; its owner word
//! says *cached*. The next object of as many pages takes it.

use crate::class::{RUN_BUDGET_PAGES, RUN_SLOTS, run_pages};
use crate::primitive::Mutex;
use crate::registry::{self, RetiredSlabs};
use crate::run_cache::RunCache;
use crate::thread::{self, NoCut, SHARDS, ThreadSlot};
use core::ptr::NonNull;

/// The runs of one shard: how many pages each has, and where it is.
struct Runs {
    shelf: RunCache<RUN_SLOTS, RUN_BUDGET_PAGES>,
    at: [Option<NonNull<u8>>; RUN_SLOTS],
}

/// On lines of their own.
#[repr(align(128))]
struct Shard(Mutex<Runs>);

// SAFETY: the pointers are to free runs, which belong to whoever holds the lock.
unsafe impl Sync for Shard {}

static RUNS: [Shard; SHARDS] = [const {
    Shard(Mutex::new(Runs {
        shelf: RunCache::NEW,
        at: [None; RUN_SLOTS],
    }))
}; SHARDS];

/// Takes a cached run of exactly as many pages as `bytes` needs, from the thread's shard.
// Its one caller is out of line already.
#[inline(always)]
pub(crate) fn take(thread: &ThreadSlot, bytes: usize) -> Option<NonNull<u8>> {
    let pages = run_pages(bytes)?;
    let mut runs = RUNS[thread.shard()].0.lock();
    let slot = runs.shelf.take(pages)?;
    runs.at[slot].take()
}

/// Keeps the run at `object` in the thread's shard, if there is room; whether it did.
///
/// # Safety
/// `object` is a large object of `pages`, aligned to a page, its word says *cached*, and nobody else refers to it.
#[inline(always)]
pub(crate) unsafe fn keep(thread: &ThreadSlot, object: NonNull<u8>, pages: u32) -> bool {
    let mut runs = RUNS[thread.shard()].0.lock();
    let Some(slot) = runs.shelf.put(pages) else {
        return false;
    };
    runs.at[slot] = Some(object);
    true
}

/// Takes the object out of the registry, or what has to make room for it if it is a run of so many `pages`, and gives that
/// back to the host without a lock and without the mark.
///
/// # Safety
/// `object` is a large object whose word says *cached*, and nobody else refers to it; one of `pages` as for [`keep`].
#[cold]
#[inline(never)]
pub(crate) unsafe fn give_up(
    thread: &ThreadSlot,
    no_cut: NoCut<'_>,
    object: NonNull<u8>,
    pages: Option<u32>,
) {
    let mut gone = RetiredSlabs::NOTHING;
    if let Some(pages) = pages {
        let mut runs = RUNS[thread.shard()].0.lock();
        while let Some(slot) = runs.shelf.make_room(pages) {
            gone = gone.and(release(&mut runs, slot));
        }
        drop(runs);
        // SAFETY: handed on.
        if unsafe { keep(thread, object, pages) } {
            return gone.after(no_cut);
        }
    }
    // SAFETY: given up, as the caller says.
    gone.and(unsafe { registry::take_large(object) })
        .after(no_cut);
}

/// Takes the run that stood in `slot` out of the registry.
#[cold]
fn release(runs: &mut Runs, slot: usize) -> RetiredSlabs {
    match runs.at[slot].take() {
        // SAFETY: a cached run is free and referred to by its cache alone.
        Some(run) => unsafe { registry::take_large(run) },
        None => RetiredSlabs::NOTHING,
    }
}

/// Empties all caches. As the host.
pub(crate) fn flush_all() {
    for shard in &RUNS {
        // SAFETY: the heap's own code, until `after` ends it.
        let no_cut = unsafe { NoCut::begin(thread::current()) };
        let mut runs = shard.0.lock();
        let mut gone = RetiredSlabs::NOTHING;
        while let Some(slot) = runs.shelf.oldest() {
            gone = gone.and(release(&mut runs, slot));
        }
        drop(runs);
        gone.after(no_cut);
    }
}
