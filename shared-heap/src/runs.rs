//! Per-CPU caches of page runs, so that a buffer of 128 KiB usually costs neither the registry's lock nor a call of the
//! host.
//!
//! A freed run keeps its header page and its place in the registry's list, and its owner word says *cached*. The next
//! object with the same number of pages takes it.

use crate::class::{RUN_BUDGET_PAGES, RUN_SLOTS, run_pages};
use crate::primitive::Mutex;
use crate::registry::{self, RetiredSlabs};
use crate::run_cache::RunCache;
use crate::thread::{self, NoCut, SHARDS, ThreadSlot};
use core::ptr::NonNull;

/// The runs of one shard: the size of each in pages, and its address.
struct Runs {
    sizes: RunCache<RUN_SLOTS, RUN_BUDGET_PAGES>,
    at: [Option<NonNull<u8>>; RUN_SLOTS],
}

/// The runs of one shard, aligned so that shards share no cache line.
#[repr(align(128))]
struct Shard(Mutex<Runs>);

// SAFETY: the pointers are to free runs, which are reached only under the lock.
unsafe impl Sync for Shard {}

static RUNS: [Shard; SHARDS] = [const {
    Shard(Mutex::new(Runs {
        sizes: RunCache::NEW,
        at: [None; RUN_SLOTS],
    }))
}; SHARDS];

/// Takes a cached run of exactly as many pages as `bytes` needs from the thread's shard.
// Always inlined: its only caller is out of line already.
#[inline(always)]
pub(crate) fn take(thread: &ThreadSlot, bytes: usize) -> Option<NonNull<u8>> {
    let pages = run_pages(bytes)?;
    let mut runs = RUNS[thread.shard()].0.lock();
    let slot = runs.sizes.take(pages)?;
    runs.at[slot].take()
}

/// Puts the run at `object` into the cache of the thread's shard if there is room. Returns whether there was room.
///
/// # Safety
/// `object` is a large object of `pages` pages, aligned to one page. Its word says *cached*, and nothing else refers to
/// it.
#[inline(always)]
pub(crate) unsafe fn keep(thread: &ThreadSlot, object: NonNull<u8>, pages: u32) -> bool {
    let mut runs = RUNS[thread.shard()].0.lock();
    let Some(slot) = runs.sizes.put(pages) else {
        return false;
    };
    runs.at[slot] = Some(object);
    true
}

/// The slow path of freeing a large object. With `pages`, retires older runs to make room in the cache and puts the
/// object there. Without `pages`, or if there is still no room, retires the object itself. The retired runs go back
/// to the host without a lock and after the mark `no_cut` has ended.
///
/// # Safety
/// `object` is a large object whose word says *cached*, and nothing else refers to it. With `pages`, the object also
/// meets the conditions of [`keep`].
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
        while let Some(slot) = runs.sizes.make_room(pages) {
            gone = gone.and(release(&mut runs, slot));
        }
        drop(runs);
        // SAFETY: upheld by the caller.
        if unsafe { keep(thread, object, pages) } {
            return gone.after(no_cut);
        }
    }
    // SAFETY: the caller says that nothing else refers to the object.
    gone.and(unsafe { registry::take_large(object) })
        .after(no_cut);
}

/// Retires the run whose address is in `slot`.
#[cold]
fn release(runs: &mut Runs, slot: usize) -> RetiredSlabs {
    match runs.at[slot].take() {
        // SAFETY: a cached run is free, and only its cache refers to it (EXPORT-18).
        Some(run) => unsafe { registry::take_large(run) },
        None => RetiredSlabs::NOTHING,
    }
}

/// Empties the caches of all shards. Pages go back to the host on behalf of the host.
pub(crate) fn flush_all() {
    for shard in &RUNS {
        // SAFETY: only the heap's own code runs under the mark, until `after` ends it (ORDER-54).
        let no_cut = unsafe { NoCut::begin(thread::current()) };
        let mut runs = shard.0.lock();
        let mut gone = RetiredSlabs::NOTHING;
        while let Some(slot) = runs.sizes.oldest() {
            gone = gone.and(release(&mut runs, slot));
        }
        drop(runs);
        gone.after(no_cut);
    }
}
