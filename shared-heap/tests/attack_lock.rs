//! Attack: an owner with very many objects. Other owners need the heap's lock now and then, and wait for it on budgets of their
//! own, so a walk over all objects leaves the lock to them between its pieces.
#![expect(unsafe_code, reason = "drives the heap below its safe types")]

use samara_host_std::live_bytes;
use samara_shared_heap::class::{self, SLAB_SIZE};
use samara_shared_heap::{Owner, heap};
use samara_testkit::hosted::{acting_for, alone};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

const MANY: usize = 1_000_000;
/// More than a cache keeps, and aligned to more than a page, so that each allocation takes the lock.
const LARGE: usize = 4 * SLAB_SIZE;

fn alloc(size: usize, align: usize) -> NonNull<u8> {
    // SAFETY: the place is that of size and alignment; freed below, or with its owner.
    unsafe { heap::alloc(class::place(size, align), size, align) }.unwrap()
}

fn hoard() -> Owner {
    let owner = Owner::from_index(7).unwrap();
    let objects = || (0..MANY).for_each(|_| _ = alloc(16, 1));
    // SAFETY: nothing uses the objects.
    unsafe { acting_for(owner, objects) };
    owner
}

/// Reclaims the owner while another thread takes the heap's lock again and again. Returns how often that thread got the lock
/// while a part of the owner's objects, but not all, had gone back to the host.
fn served_amid_reclaim(owner: Owner) -> usize {
    let all = live_bytes();
    let amid = || (MANY * 16 / 10..all - LARGE).contains(&live_bytes());
    let (ready, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let served = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(SeqCst) {
                let began = amid();
                let object = alloc(LARGE, SLAB_SIZE);
                // SAFETY: a live object of the test's, given up.
                unsafe { heap::free(object, class::place(LARGE, SLAB_SIZE)) };
                if began && amid() {
                    served.fetch_add(1, SeqCst);
                }
                ready.store(true, SeqCst);
            }
        });
        while !ready.load(SeqCst) {
            thread::yield_now();
        }
        // SAFETY: nothing uses the owner's objects.
        unsafe { heap::reclaim(owner) };
        over.store(true, SeqCst);
    });
    served.into_inner()
}

#[test]
fn a_reclaim_leaves_the_lock_between_pieces() {
    let _alone = alone();
    // A machine that does other work may leave the other thread no time at all: the attack is repeated then.
    let served = (0..20).any(|_| {
        let served = served_amid_reclaim(hoard());
        heap::trim();
        assert_eq!(live_bytes(), 0);
        served > 10
    });
    assert!(served, "the lock was never left");
}
