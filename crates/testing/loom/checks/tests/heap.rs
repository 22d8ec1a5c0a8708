//! Races a free on another CPU with a change of owner and a reclaim, and a reclaim's scan with slabs that go back to
//! the host.
//!
//! Bounds: one size class with three slots in each slab, two slabs at first, two CPUs, three threads, and at most
//! three preemptions.

use loom::sync::atomic::{AtomicBool, Ordering};
use samara_loom::host;
use samara_loom::objects::{self, Object, acting, owner, reclaim};
use samara_loom_primitives::{Check, Fault, Weaken};
use samara_shared_heap::heap;
use std::rc::Rc;

const fn lock_of(file: &'static str) -> Weaken {
    Weaken {
        file,
        fault: Fault::Lock,
    }
}

fn check(name: &'static str) -> Check {
    Check::new(name, 96, 32).preemptions(3)
}

fn nothing_is_left() {
    heap::trim();
    assert_eq!(heap::census_all(), heap::Census::default());
    assert_eq!(heap::held_bytes(), 0, "empty slabs stayed with the heap");
}

/// A domain gives an object to another domain and ends. The new owner frees the object on another CPU and allocates
/// again, while the reaper reclaims the first domain. `order` is the memory ordering of the store that announces the
/// first domain's end.
fn free_and_transfer(order: Ordering) {
    host::begin();
    objects::begin(8);
    let (giver, taker) = (owner(1), owner(2));
    let (moved, kept) = acting(giver, || (Object::new(), Object::new()));
    let (given, ended) = (
        Rc::new(AtomicBool::new(false)),
        Rc::new(AtomicBool::new(false)),
    );
    let moved = Rc::new(moved);
    let first = {
        let (moved, given, ended) = (moved.clone(), given.clone(), ended.clone());
        host::spawn(0, move || {
            acting(giver, || moved.touch());
            moved.give(taker);
            drop(moved);
            given.store(true, Ordering::Release);
            ended.store(true, order);
        })
    };
    let second = host::spawn(1, move || {
        if !given.load(Ordering::Acquire) {
            return;
        }
        acting(taker, || {
            if let Some(moved) = Rc::into_inner(moved) {
                moved.free();
            }
            let again = Object::new();
            again.touch();
            again.free();
        });
    });
    // If this load sees the store, the reaper knows that the giver runs no more and may reclaim it now. Otherwise it
    // reclaims it at the end.
    let seen = ended.load(Ordering::Acquire);
    if seen {
        kept.released();
        assert_eq!(reclaim(giver), 1, "the reclaim took what was handed on");
    }
    first.join().unwrap();
    second.join().unwrap();
    if !seen {
        kept.released();
        reclaim(giver);
    }
    reclaim(taker);
    nothing_is_left();
}

/// Invariant: ORDER-5
#[test]
fn a_new_owner_frees_on_another_cpu() {
    check("free and transfer").run(|| free_and_transfer(Ordering::Release));
}

#[test]
#[should_panic(expected = "took what was handed on")]
fn a_reclaim_needs_the_order_of_the_last_exit() {
    check("free and transfer, weakened").run(|| free_and_transfer(Ordering::Relaxed));
}

/// One owner's objects are reclaimed, while another thread frees another owner's objects in the same slabs and gives
/// the empty slabs back.
fn reclaim_and_return() {
    host::begin();
    objects::begin(12);
    let (dead, alive) = (owner(1), owner(2));
    let mine = || acting(alive, Object::new);
    let theirs = || acting(dead, Object::new);
    let (a, b) = (mine(), theirs());
    let (c, d) = (theirs(), mine());
    let other = host::spawn(1, move || {
        acting(alive, || {
            a.free();
            d.free();
            heap::trim();
            let again = Object::new();
            again.touch();
            again.free();
        });
    });
    b.released();
    c.released();
    assert_eq!(reclaim(dead), 2);
    acting(alive, Object::new).free();
    other.join().unwrap();
    nothing_is_left();
}

/// Invariant: ORDER-6
#[test]
fn a_scan_never_meets_a_slab_that_went_back() {
    check("reclaim and return")
        .preemptions(2)
        .run(reclaim_and_return);
}

#[test]
#[should_panic]
fn a_scan_needs_the_registrys_lock() {
    check("reclaim and return, registry weakened")
        .preemptions(2)
        .weaken(lock_of("shared-heap/src/registry.rs"))
        .run(reclaim_and_return);
}

/// While one CPU frees an object into its cache, another CPU flushes that cache and then takes all free slots.
fn flush_from_afar() {
    host::begin();
    objects::begin(12);
    let (one, other) = (owner(1), owner(2));
    // At least one object stays in each slab, so that no slab goes back.
    let [a, b, c] = acting(one, || [(); 3].map(|()| Object::new()));
    let d = acting(one, Object::new);
    let far = host::spawn(1, move || {
        heap::trim();
        acting(other, || {
            let all: Vec<_> = (0..4).map(|_| Object::new()).collect();
            all.into_iter().for_each(Object::free);
        });
    });
    b.free();
    far.join().unwrap();
    for object in [a, c, d] {
        object.free();
    }
    nothing_is_left();
}

/// Invariant: ORDER-6
#[test]
fn a_cache_is_flushed_from_afar() {
    check("flush from afar").run(flush_from_afar);
}

#[test]
#[should_panic]
fn flushing_from_afar_needs_the_caches_lock() {
    check("flush from afar, weakened")
        .weaken(lock_of("shared-heap/src/cache.rs"))
        .run(flush_from_afar);
}
