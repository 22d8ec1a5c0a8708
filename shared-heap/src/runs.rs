//! Per-CPU caches of page runs: what makes a 128 KiB buffer cost no lock of all and no host call.
//!
//! A run that is freed keeps its header page and its place in the registry's list; its owner word
//! says *cached*. The next object of as many pages takes it.

use crate::class::{RUN_BUDGET_PAGES, RUN_SLOTS, run_pages};
use crate::primitive::{Mutex, MutexGuard};
use crate::registry::{self, Gone};
use crate::shelf::Shelf;
use crate::thread::{self, NoCut, SHARDS, ThreadSlot};
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

/// Keeps the run at `object`, of `bytes`, in the thread's shard; takes out of the registry what has to make room, or
/// `object` itself if it is too large to keep, and gives that back to the host without a lock and without the mark.
///
/// # Safety
/// `object` is a large object aligned to a page, its word says *cached*, and nobody else refers to
/// it.
pub(crate) unsafe fn put(
    thread: &ThreadSlot,
    no_cut: NoCut<'_>,
    object: NonNull<u8>,
    bytes: usize,
) {
    let Some(pages) = run_pages(bytes) else {
        // SAFETY: the caller gave it up.
        return unsafe { registry::take_large(object) }.after(no_cut);
    };
    let mut runs = RUNS[thread.shard()].0.lock();
    if let Some(slot) = runs.shelf.make_room(pages) {
        return put_after(runs, slot, no_cut, object, pages);
    }
    match runs.shelf.put(pages) {
        Some(slot) => runs.at[slot] = Some(object),
        None => {
            drop(runs);
            // SAFETY: the caller gave it up.
            unsafe { registry::take_large(object) }.after(no_cut);
        }
    }
}

/// Keeps a run of `pages`, for which the one that stood in `slot`, and maybe others, make room.
#[cold]
#[inline(never)]
fn put_after(
    mut runs: MutexGuard<'_, Runs>,
    slot: usize,
    no_cut: NoCut<'_>,
    object: NonNull<u8>,
    pages: u32,
) {
    let mut gone = release(&mut runs, slot);
    while let Some(slot) = runs.shelf.make_room(pages) {
        gone = gone.and(release(&mut runs, slot));
    }
    if let Some(slot) = runs.shelf.put(pages) {
        runs.at[slot] = Some(object);
    } else {
        // SAFETY: given up, as whoever calls `put` says.
        gone = gone.and(unsafe { registry::take_large(object) });
    }
    drop(runs);
    gone.after(no_cut);
}

/// Takes the run that stood in `slot` out of the registry.
#[cold]
fn release(runs: &mut Runs, slot: usize) -> Gone {
    match runs.at[slot].take() {
        // SAFETY: a cached run is free and referred to by its cache alone.
        Some(run) => unsafe { registry::take_large(run) },
        None => Gone::NOTHING,
    }
}

/// Empties all caches. As the host.
pub(crate) fn flush_all() {
    for shard in &RUNS {
        // SAFETY: the heap's own code, until `after` ends it.
        let no_cut = unsafe { NoCut::begin(thread::current()) };
        let mut runs = shard.0.lock();
        let mut gone = Gone::NOTHING;
        while let Some(slot) = runs.shelf.oldest() {
            gone = gone.and(release(&mut runs, slot));
        }
        drop(runs);
        gone.after(no_cut);
    }
}
