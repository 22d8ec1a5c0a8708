//! Tests the no-cut mark while another thread kills the domain. A thread that runs for a domain sets the mark before
//! it takes a lock of the trusted side, and removes it only after it has released the lock. So the host may cut a
//! thread wherever it finds the thread without the mark. A domain is not reclaimed while the thread is inside.
//!
//! Bounds: one thread that works inside a domain, and one thread that kills; at most three preemptions. The mark is a
//! plain word: only the thread itself reads it, or the host while the thread is stopped.
#![expect(unsafe_code, reason = "walks the thread's chain of frames")]

use samara_domain_runtime::Waits;
use samara_loom::domain::{Belongings, call, crash, reclaims, spawn};
use samara_loom::host;
use samara_loom::objects::{self, Object};
use samara_loom_primitives::{Check, Mutex, on_lock};
use samara_shared_heap::{Owner, heap, thread};

/// Checks at every lock that a thread with a domain anywhere on its chain has the mark. The whole chain counts,
/// because trusted code that acts as the host on a domain's thread also takes locks.
fn look() {
    let slot = thread::current();
    let mut at = slot.top();
    // SAFETY: frames on the chain are valid while the thread is above them.
    while let Some(frame) = unsafe { at.as_ref() } {
        assert!(
            frame.owner().is_host() || slot.in_no_cut(),
            "a lock was taken without the no-cut mark"
        );
        at = frame.prev();
    }
}

/// Runs `work` inside a domain, while another thread kills the domain.
fn kill_during(work: fn()) {
    host::begin();
    objects::begin(8);
    let belongings = Belongings::new();
    let domain = spawn("a");
    let target = domain.service().current().target();
    on_lock(look);
    let worker = host::spawn(1, move || {
        call(target, || {
            work();
            assert_eq!(belongings.touch(), 0);
        });
    });
    domain.kill();
    worker.join().unwrap();
    domain.kill();
    assert_eq!(reclaims(), 1);
}

fn use_the_heap() {
    let object = Object::new();
    object.touch();
    object.free();
}

fn count_and_trim() {
    let _ = heap::census(Owner::HOST);
    heap::trim();
}

fn lock_then_mark() {
    let lock = Mutex::new(());
    let _guard = lock.lock();
    use_the_heap();
}

fn check(name: &'static str) -> Check {
    Check::new(name, 128, 32).preemptions(3)
}

/// Invariant: ORDER-54
#[test]
fn the_heap_takes_its_locks_under_the_mark() {
    check("kill in the heap").run(|| kill_during(use_the_heap));
}

/// Invariant: ORDER-54
#[test]
fn a_scan_takes_its_locks_under_the_mark() {
    check("kill in a scan").run(|| kill_during(count_and_trim));
}

/// Takes the lock first, and sets the mark only after that. This is the wrong order, and the check must find it.
///
/// Invariant: ORDER-54
#[test]
#[should_panic(expected = "wrong")]
fn a_lock_without_the_mark_is_found() {
    check("kill at a bare lock").run(|| kill_during(lock_then_mark));
}

/// A domain calls another domain, which panics. The thread records the callee's death while it still runs for the
/// caller.
#[test]
fn a_death_is_noted_under_the_mark() {
    check("kill at a death").run(|| {
        host::begin();
        let _belongings = Belongings::new();
        let (caller, callee) = (spawn("caller"), spawn("callee"));
        let inner = callee.service().current().target();
        on_lock(look);
        call(caller.service().current().target(), || crash(inner));
    });
}

/// A domain's thread reads the state of a dead domain, and reclaims and restarts it. All this runs on that thread.
///
/// Invariant: ORDER-54
#[test]
fn a_recovery_takes_its_locks_under_the_mark() {
    check("kill in a recovery").run(|| {
        host::begin();
        let _belongings = Belongings::new();
        let (caller, callee) = (spawn("caller"), spawn("callee"));
        on_lock(look);
        call(caller.service().current().target(), || {
            let dead = callee.service().current().target();
            crash(dead);
            assert!(callee.service().current().reason().is_some());
            assert_eq!(callee.info().restarts, 0);
            callee.service().recover(dead, &Waits::new()).unwrap();
            assert_eq!(callee.info().restarts, 1);
            assert!(callee.service().journal().is_empty());
        });
    });
}
