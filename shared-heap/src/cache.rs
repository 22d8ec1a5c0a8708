//! Per-CPU caches of free slots: what makes allocation and free touch no shared line.

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

/// The stacks of one shard, on lines of their own.
#[repr(align(128))]
struct Shard(Mutex<[Stack; CLASSES]>);

// SAFETY: the pointers are to free slots, which belong to whoever holds the lock.
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

/// Takes a free slot of the class for the thread's shard; `None` when the host has no pages.
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

/// Gives a free slot of the class to the thread's shard.
///
/// # Safety
/// `slot` is a slot of that class, its word says *cached*, and nobody else refers to it.
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
    // At most the depth: there was room.
    stack.len = stack.len.wrapping_add(1);
}

/// Puts the slot into a stack that is full, after half of what is there. Pages go back to the host without the shard's lock.
#[cold]
#[inline(never)]
fn put_after_flush(mut stacks: MutexGuard<'_, [Stack; CLASSES]>, shift: u32, slot: NonNull<u8>) {
    let stack = &mut stacks[index(shift)];
    let _gone = flush(stack, cache_slots(shift) / 2);
    push(stack, slot);
    drop(stacks);
}

/// The stack of the class, which is [`MIN_SHIFT`] at least.
#[inline]
const fn index(shift: u32) -> usize {
    shift.wrapping_sub(MIN_SHIFT) as usize
}

#[cold]
fn refill(stack: &mut Stack, shift: u32) {
    // Nothing is taken out.
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

/// Puts slots back until `keep` are left. What that takes out of the registry is given back without the shard's lock.
#[cold]
fn flush(stack: &mut Stack, keep: usize) -> RetiredSlabs {
    let ((), gone) = registry::locked(|registry| {
        while stack.len > keep {
            stack.len = stack.len.strict_sub(1);
            if let Some(slot) = stack.slots[stack.len].take() {
                // SAFETY: a cached slot is free and referred to by its cache alone.
                unsafe { registry.put(slot) };
            }
        }
    });
    gone
}

/// Empties all caches. As the host.
pub(crate) fn flush_all() {
    for shard in &CACHES {
        for class in 0..CLASSES {
            // SAFETY: the heap's own code, until `after` ends it.
            let no_cut = unsafe { NoCut::begin(thread::current()) };
            let gone = flush(&mut shard.0.lock()[class], 0);
            gone.after(no_cut);
        }
    }
}
