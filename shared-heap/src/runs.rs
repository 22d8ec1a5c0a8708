//! Per-CPU caches of page runs: what makes a 128 KiB buffer cost no lock of all and no host call.
//!
//! A run that is freed keeps its header page and its place in the registry's list; its owner word
//! says *cached*. The next object of as many pages takes it.

use crate::class::{RUN_BUDGET_PAGES, RUN_SLOTS, run_pages};
use crate::primitive::Mutex;
use crate::registry;
use crate::shelf::Shelf;
use crate::thread::{SHARDS, ThreadSlot};
use core::ptr::NonNull;

/// The runs of one shard: how many pages each has, and where it is.
struct Runs {
    shelf: Shelf<RUN_SLOTS, RUN_BUDGET_PAGES>,
    at: [Option<NonNull<u8>>; RUN_SLOTS],
}

/// On lines of their own.
#[repr(align(128))]
struct Shard(Mutex<Runs>);

// SAFETY: the pointers are to free runs, which belong to whoever holds the lock.
unsafe impl Sync for Shard {}

static RUNS: [Shard; SHARDS] = [const {
    Shard(Mutex::new(Runs {
        shelf: Shelf::NEW,
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

/// Keeps the run at `object`, of `bytes`, in the thread's shard; gives back to the registry what
/// has to make room, or `object` itself if it is too large to keep.
///
/// # Safety
/// `object` is a large object aligned to a page, its word says *cached*, and nobody else refers to
/// it.
pub(crate) unsafe fn put(thread: &ThreadSlot, object: NonNull<u8>, bytes: usize) {
    let Some(pages) = run_pages(bytes) else {
        // SAFETY: the caller gave it up.
        return unsafe { registry::free_large(object) };
    };
    let mut runs = RUNS[thread.shard()].0.lock();
    while let Some(slot) = runs.shelf.make_room(pages) {
        release(&mut runs, slot);
    }
    match runs.shelf.put(pages) {
        Some(slot) => runs.at[slot] = Some(object),
        // SAFETY: the caller gave it up.
        None => unsafe { registry::free_large(object) },
    }
}

/// Gives the run that stood in `slot` back to the host.
#[cold]
fn release(runs: &mut Runs, slot: usize) {
    if let Some(run) = runs.at[slot].take() {
        // SAFETY: a cached run is free and referred to by its cache alone.
        unsafe { registry::free_large(run) };
    }
}

/// Empties all caches.
pub(crate) fn flush_all() {
    for shard in &RUNS {
        let mut runs = shard.0.lock();
        while let Some(slot) = runs.shelf.oldest() {
            release(&mut runs, slot);
        }
    }
}
