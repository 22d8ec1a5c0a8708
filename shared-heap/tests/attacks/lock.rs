//! Attack: an owner has very many objects, or a large one. Every other owner needs the heap's lock now and then, and
//! waits for it on a budget of its own. So a scan of all objects must release the lock between its pieces, and the
//! heap must give pages back to the host without holding the lock.
#![expect(unsafe_code, reason = "drives the heap below its safe types")]

use samara_host_std::live_bytes;
use samara_shared_heap::class::{self, SLAB_SIZE};
use samara_shared_heap::{Owner, heap};
use samara_testkit::hosted::{acting_for, alone};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

const MANY: usize = 1_000_000;
/// The size of an object that is aligned to more than a page and so is not cached, so that each allocation takes the
/// lock.
const LARGE: usize = 4 * SLAB_SIZE;

fn alloc(size: usize, align: usize) -> NonNull<u8> {
    // SAFETY: the place is that of size and alignment. The object is freed below, or with its owner.
    unsafe { heap::alloc(class::place(size, align), size, align) }.unwrap()
}

fn hoard() -> Owner {
    let owner = Owner::from_index(7).unwrap();
    let objects = || (0..MANY).for_each(|_| _ = alloc(16, 1));
    // SAFETY: nothing uses the objects.
    unsafe { acting_for(owner, objects) };
    owner
}

/// Runs `action`, while another thread calls `turn` again and again, which takes the heap's lock. Returns the number
/// of calls before and after which `amid` was true.
fn served(amid: impl Fn() -> bool + Sync, turn: fn(), action: impl FnOnce()) -> usize {
    let (ready, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let served = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let amid = || amid() && !over.load(SeqCst);
            while !over.load(SeqCst) {
                let began = amid();
                turn();
                if began && amid() {
                    served.fetch_add(1, SeqCst);
                }
                ready.store(true, SeqCst);
            }
        });
        while !ready.load(SeqCst) {
            thread::yield_now();
        }
        action();
        over.store(true, SeqCst);
    });
    served.into_inner()
}

/// Asserts that the attack leaves the lock to the other thread. Repeats it up to 20 times, because a busy machine may
/// give that thread no time at all.
fn is_served(mut attack: impl FnMut() -> usize) {
    let served = (0..20).any(|_| {
        let served = attack();
        heap::trim();
        assert_eq!(live_bytes(), 0);
        served > 10
    });
    assert!(served, "the lock was never released");
}

fn reclaim(owner: Owner) {
    // SAFETY: nothing uses the owner's objects.
    unsafe { heap::reclaim(owner) };
}

/// Invariant: DEV-4
#[test]
fn a_reclaim_leaves_the_lock_between_pieces() {
    let _alone = alone();
    is_served(|| {
        let owner = hoard();
        let all = live_bytes();
        // True while a part of the owner's objects, but not all, has gone back.
        let amid = || (MANY * 16 / 10..all - LARGE).contains(&live_bytes());
        let turn = || {
            let object = alloc(LARGE, SLAB_SIZE);
            // SAFETY: a live object of the test, which the test gives up.
            unsafe { heap::free(object, class::place(LARGE, SLAB_SIZE)) };
        };
        served(amid, turn, || reclaim(owner))
    });
}

/// A size so large that the host needs some time to take the memory back.
const HUGE: usize = 64 << 20;

fn huge() -> NonNull<u8> {
    let object = alloc(HUGE, 1);
    // SAFETY: the object belongs to the test and has that many bytes.
    unsafe { object.write_bytes(1, HUGE) };
    object
}

/// Counts how often the other thread got the lock while the host was taking back pages. `live_bytes` no longer counts
/// these pages then.
fn served_while_host_takes(action: impl FnOnce()) -> usize {
    served(|| live_bytes() < HUGE, || _ = heap::held_bytes(), action)
}

/// Invariant: DEV-5
#[test]
fn a_large_object_goes_back_without_the_lock() {
    let _alone = alone();
    is_served(|| {
        let object = huge();
        // SAFETY: a live object of the test, which the test gives up.
        let free = || unsafe { heap::free(object, class::place(HUGE, 1)) };
        served_while_host_takes(free)
    });
}

/// Invariant: DEV-5
#[test]
fn a_reclaim_frees_a_large_object_without_the_lock() {
    let _alone = alone();
    is_served(|| {
        let owner = Owner::from_index(7).unwrap();
        // SAFETY: the object is released with its owner, and nothing uses it.
        unsafe { acting_for(owner, huge) };
        served_while_host_takes(|| reclaim(owner))
    });
}
