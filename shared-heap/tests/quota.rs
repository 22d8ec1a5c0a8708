//! Quotas are exact for an owner's own allocations. Objects that others hand to an owner without asking
//! `quota::admit` are counted but not refused.
#![expect(unsafe_code, reason = "drives the heap below its safe types")]

use samara_host_std as _;
use samara_shared_heap::class::{self, MAX_OBJECT, Place};
use samara_shared_heap::{AllocError, Owner, heap, quota};
use samara_testkit::hosted::{Gate, acting_for, limit_bytes};
use std::iter;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

const SLOT: Place = class::place(64, 8);

fn owner(limit: usize) -> Owner {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let owner = Owner::from_index(NEXT.fetch_add(1, SeqCst)).unwrap();
    limit_bytes(owner, Some(limit));
    owner
}

fn alloc(owner: Owner, size: usize) -> Result<NonNull<u8>, AllocError> {
    // SAFETY: the object is freed by the test or with its owner, and nothing reads its bytes.
    let alloc = || unsafe { heap::alloc(class::place(size, 8), size, 8) };
    // SAFETY: as above.
    unsafe { acting_for(owner, alloc) }
}

fn free(object: NonNull<u8>) {
    // SAFETY: a live slot of the test, which the test gives up.
    unsafe { heap::free(object, SLOT) };
}

fn give(object: NonNull<u8>, to: Owner) {
    // SAFETY: a live slot of the test, which acts for all owners.
    unsafe { heap::set_owner(object, SLOT, to) };
}

/// Allocates slots of 64 bytes until the quota refuses one.
fn fill(owner: Owner) -> Vec<NonNull<u8>> {
    let mut slots = Vec::new();
    loop {
        match alloc(owner, 64) {
            Ok(slot) => slots.push(slot),
            Err(error) => {
                assert_eq!(error, AllocError::Quota);
                return slots;
            }
        }
    }
}

/// Invariant: HEAP-9
#[test]
fn the_last_byte_is_usable_and_no_more() {
    let me = owner(64 * 100 + 63);
    let slots = fill(me);
    assert_eq!((slots.len(), heap::census(me).bytes), (100, 6400));
    // Three slots of 16 bytes fit into the remaining 63 bytes.
    let small: Vec<_> = (0..3).map(|_| alloc(me, 1).unwrap()).collect();
    assert_eq!(alloc(me, 1), Err(AllocError::Quota));
    assert_eq!(heap::census(me).bytes, 6448);
    assert_eq!(small.len(), 3);
}

#[test]
fn a_free_gives_room_again_each_time() {
    let me = owner(640);
    let mut slots = fill(me);
    for _ in 0..1000 {
        free(slots.pop().unwrap());
        slots.push(alloc(me, 64).unwrap());
        assert_eq!(alloc(me, 64), Err(AllocError::Quota));
    }
    assert_eq!(heap::census(me).objects, 10);
}

#[test]
fn transfers_free_and_use_up_quota() {
    let (me, other) = (owner(640), owner(0));
    let slots = fill(me);
    assert_eq!(alloc(other, 64), Err(AllocError::Quota));
    slots[..4].iter().for_each(|slot| give(*slot, other));
    assert_eq!(heap::census(other).objects, 4, "beyond its own limit");
    assert_eq!(fill(me).len(), 4);
    // The slots come back. The owner is now over its limit, although it has not allocated beyond it, and may allocate
    // nothing more.
    slots[..4].iter().for_each(|slot| give(*slot, me));
    assert_eq!(heap::census(me).bytes, 64 * 14);
    assert_eq!(alloc(me, 1), Err(AllocError::Quota));
    slots[..5].iter().for_each(|slot| free(*slot));
    assert_eq!(fill(me).len(), 1);
}

#[test]
fn large_objects_count_in_pages() {
    let me = owner(10 * 4096);
    let large = alloc(me, 20_000).unwrap();
    assert_eq!(heap::census(me).bytes, 5 * 4096);
    assert_eq!(alloc(me, 6 * 4096), Err(AllocError::Quota));
    let rest = alloc(me, 5 * 4096).unwrap();
    assert_eq!(alloc(me, 1), Err(AllocError::Quota));
    for (object, size) in [(large, 20_000), (rest, 5 * 4096)] {
        // SAFETY: live large objects of the test, which the test gives up.
        unsafe { heap::free(object, class::place(size, 8)) };
    }
    assert_eq!(fill(me).len(), 640);
}

#[test]
fn lowering_and_lifting_the_limit_counts_at_once() {
    let me = owner(640);
    let slots = fill(me);
    limit_bytes(me, Some(128));
    assert_eq!(
        (quota::limit(me), alloc(me, 1)),
        (Some(128), Err(AllocError::Quota))
    );
    limit_bytes(me, None);
    assert_eq!(quota::limit(me), None);
    assert!(alloc(me, 1 << 20).is_ok());
    for limit in [usize::MAX / 2, MAX_OBJECT] {
        limit_bytes(me, Some(limit));
        assert!(alloc(me, 64).is_ok());
        assert_eq!(alloc(me, limit + 1), Err(AllocError::TooLarge));
    }
    assert_eq!(alloc(me, MAX_OBJECT - 100), Err(AllocError::Quota));
    assert_eq!(slots.len(), 10);
}

#[test]
fn a_failed_allocation_costs_nothing() {
    let me = owner(usize::MAX / 4);
    // Many such objects are within the quota, but no host has memory for as many.
    let most: Vec<_> = iter::from_fn(|| alloc(me, MAX_OBJECT).ok()).collect();
    for _ in 0..10 {
        assert_eq!(alloc(me, MAX_OBJECT), Err(AllocError::OutOfMemory));
    }
    assert_eq!(alloc(me, usize::MAX - 100), Err(AllocError::TooLarge));
    assert!(alloc(me, 64).is_ok());
    assert_eq!(heap::census(me).objects, most.len() + 1);
    for object in most {
        // SAFETY: a live large object of the test, which the test gives up.
        unsafe { heap::free(object, class::place(MAX_OBJECT, 8)) };
    }
}

/// A count once missed an allocation that was already granted to another thread of the owner, but whose owner word
/// was not set yet.
///
/// Invariant: DEV-6, HEAP-9
#[test]
fn two_threads_of_one_owner_do_not_overdraw() {
    let (me, gate) = (owner(64), Gate::new(2));
    let mut overdrawn = 0;
    for _ in 0..500 {
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    gate.wait();
                    fill(me).len()
                });
            }
        });
        // SAFETY: the threads have ended, and nothing uses the objects that they allocated.
        let released = unsafe { heap::reclaim(me) };
        overdrawn += usize::from(released.objects != 1);
    }
    assert_eq!(overdrawn, 0);
}
