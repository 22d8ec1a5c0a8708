//! Per-CPU caches of free slots: what makes allocation and free touch no shared line.

use crate::class::{CACHE_DEPTH as DEPTH, CLASSES, MIN_SHIFT, cache_slots};
use crate::primitive::Mutex;
use crate::registry;
use crate::slab::Kind;
use crate::thread::{SHARDS, ThreadSlot};
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
        flush(stack, cache_slots(shift) / 2);
    }
    stack.slots[stack.len & (DEPTH - 1)] = Some(slot);
    // Below the depth, as it was flushed down to less.
    stack.len = stack.len.wrapping_add(1);
}

/// The stack of the class, which is [`MIN_SHIFT`] at least.
#[inline]
const fn index(shift: u32) -> usize {
    shift.wrapping_sub(MIN_SHIFT) as usize
}

#[cold]
fn refill(stack: &mut Stack, shift: u32) {
    let mut registry = registry::lock();
    let wanted = cache_slots(shift).div_ceil(2);
    while stack.len < wanted {
        let Some(slot) = registry.take(Kind::Plain, shift) else {
            return;
        };
        stack.slots[stack.len] = Some(slot);
        stack.len = stack.len.strict_add(1);
    }
}

/// Puts slots back until `keep` are left.
#[cold]
fn flush(stack: &mut Stack, keep: usize) {
    let mut registry = registry::lock();
    while stack.len > keep {
        stack.len = stack.len.strict_sub(1);
        if let Some(slot) = stack.slots[stack.len].take() {
            // SAFETY: a cached slot is free and referred to by its cache alone.
            unsafe { registry.put(slot) };
        }
    }
}

/// Empties all caches.
pub(crate) fn flush_all() {
    for shard in &CACHES {
        let mut stacks = shard.0.lock();
        for stack in stacks.iter_mut() {
            flush(stack, 0);
        }
    }
}
