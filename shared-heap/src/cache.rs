//! Per-CPU caches of free slots, so that allocation and free usually touch no cache line that CPUs share.

use crate::class::{CACHE_DEPTH as DEPTH, CLASSES, MIN_SHIFT, cache_slots};
use crate::primitive::{Mutex, MutexGuard};
use crate::registry::{self, RetiredSlabs};
use crate::slab::Kind;
use crate::thread::{self, NoCut, SHARDS, ThreadSlot};
use core::ptr::NonNull;

/// A stack of free slots of one class.
struct Stack {
    len: usize,
    slots: [Option<NonNull<u8>>; DEPTH],
}

/// The stacks of one shard, one for each class, aligned so that shards share no cache line.
#[repr(align(128))]
struct Shard(Mutex<[Stack; CLASSES]>);

// SAFETY: the pointers are to free slots, which are reached only under the lock.
unsafe impl Sync for Shard {}

static CACHES: [Shard; SHARDS] = [const {
    Shard(Mutex::new(
        [const {
            Stack {
                len: 0,
                slots: [None; DEPTH],
            }
        }; CLASSES],
    ))
}; SHARDS];

/// Takes a free slot of the class from the thread's shard, and refills the shard's stack if it is empty. Returns `None`
/// when the host has no pages.
#[inline]
pub(crate) fn take(thread: &ThreadSlot, shift: u32) -> Option<NonNull<u8>> {
    let mut stacks = CACHES[thread.shard()].0.lock();
    let stack = &mut stacks[index(shift)];
    if stack.len == 0 {
        refill(stack, shift);
    }
    stack.len = stack.len.checked_sub(1)?;
    stack.slots[stack.len & (DEPTH - 1)]
}

/// Puts a free slot of the class into the thread's shard.
///
/// # Safety
/// `slot` is a slot of that class, its word says *cached*, and nothing else refers to it.
#[inline]
pub(crate) unsafe fn put(thread: &ThreadSlot, shift: u32, slot: NonNull<u8>) {
    let mut stacks = CACHES[thread.shard()].0.lock();
    let stack = &mut stacks[index(shift)];
    if stack.len >= cache_slots(shift) {
        return put_after_flush(stacks, shift, slot);
    }
    push(stack, slot);
}

#[inline]
fn push(stack: &mut Stack, slot: NonNull<u8>) {
    stack.slots[stack.len & (DEPTH - 1)] = Some(slot);
    // The sum cannot wrap: there was room, so the new length is at most the depth.
    stack.len = stack.len.wrapping_add(1);
}

/// Flushes half of a full stack, then puts the slot there. Pages go back to the host after the shard's lock is
/// released.
#[cold]
#[inline(never)]
fn put_after_flush(mut stacks: MutexGuard<'_, [Stack; CLASSES]>, shift: u32, slot: NonNull<u8>) {
    let stack = &mut stacks[index(shift)];
    let _gone = flush(stack, cache_slots(shift) / 2);
    push(stack, slot);
    drop(stacks);
}

/// The index of the class's stack; `shift` is at least [`MIN_SHIFT`].
#[inline]
const fn index(shift: u32) -> usize {
    shift.wrapping_sub(MIN_SHIFT) as usize
}

#[cold]
fn refill(stack: &mut Stack, shift: u32) {
    // `Registry::take` retires no slab, so there is nothing to give back.
    let ((), _) = registry::locked(|registry| {
        let wanted = cache_slots(shift).div_ceil(2);
        while stack.len < wanted {
            let Some(slot) = registry.take(Kind::Plain, shift) else {
                return;
            };
            stack.slots[stack.len] = Some(slot);
            stack.len = stack.len.strict_add(1);
        }
    });
}

/// Puts slots back into the registry until `keep` are left on the stack. Returns the slabs that this retired; the
/// caller drops them after it has released the shard's lock.
#[cold]
fn flush(stack: &mut Stack, keep: usize) -> RetiredSlabs {
    let ((), gone) = registry::locked(|registry| {
        while stack.len > keep {
            stack.len = stack.len.strict_sub(1);
            if let Some(slot) = stack.slots[stack.len].take() {
                // SAFETY: a cached slot is free, and only its cache refers to it (OWN-4).
                unsafe { registry.put(slot) };
            }
        }
    });
    gone
}

/// Empties the caches of all shards. Pages go back to the host on behalf of the host.
pub(crate) fn flush_all() {
    for shard in &CACHES {
        for class in 0..CLASSES {
            // SAFETY: only the heap's own code runs under the mark, until `after` ends it (ORDER-54).
            let no_cut = unsafe { NoCut::begin(thread::current()) };
            let gone = flush(&mut shard.0.lock()[class], 0);
            gone.after(no_cut);
        }
    }
}
