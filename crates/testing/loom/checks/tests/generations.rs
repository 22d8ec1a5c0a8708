//! Races an entry with a kill and the reuse of the slot, and a shadow's restart with its callers.
//!
//! Bounds: one slot, two generations, two shards, at most two callers and the thread that kills. At most two
//! preemptions (four in `a_stale_entry_never_meets_the_next_generation`).

#![expect(
    unsafe_code,
    reason = "reads the object of the generation that was entered"
)]

use samara_domain_runtime::{Domain, Waits};
use samara_loom::domain::{Belongings, Object, Probe, call, reclaims, spawn};
use samara_loom::{host, objects};
use samara_loom_primitives::{Check, Fault, Weaken};
use std::cell::Cell;
use std::rc::Rc;

const CONTROL: &str = "domain-runtime/src/control.rs";
const FLIGHT: &str = "domain-runtime/src/service/single_flight.rs";
const PUBLISHED: &str = "domain-runtime/src/service/published.rs";

/// Calls the current generation and returns whether the entry was admitted. Checks inside the call that the object
/// and the belongings are those of the generation that was entered.
fn call_current(domain: &Domain<dyn Probe>, belongings: &Belongings) -> bool {
    let instance = domain.service().current();
    let object = instance.object().cast::<Object>();
    call(instance.target(), || {
        let lives = belongings.touch() + 1;
        // SAFETY: the thread is inside this generation, so its object is alive.
        let number = unsafe { object.as_ref() }.number();
        assert_eq!(u32::from(number), lives);
    })
}

/// One thread enters with a handle of the first generation, while the other restarts the domain in the same slot.
fn reuse() {
    host::begin();
    let belongings = Belongings::new();
    let domain = spawn("a");
    let old = domain.service().current().target();
    let stale = {
        let belongings = belongings.clone();
        host::spawn(1, move || {
            call(old, || assert_eq!(belongings.touch(), 0));
        })
    };
    domain.restart().unwrap();
    assert!(call_current(&domain, &belongings));
    stale.join().unwrap();
    assert!(!call(old, || ()), "a dead generation was entered");
    assert_eq!(reclaims(), 1);
}

/// Invariant: ORDER-3
#[test]
fn a_stale_entry_never_meets_the_next_generation() {
    Check::new("generation reuse", 128, 32)
        .preemptions(4)
        .run(reuse);
}

#[test]
#[should_panic(expected = "wrong")]
fn refusing_a_stale_entry_needs_seq_cst() {
    Check::new("generation reuse, weakened", 128, 32)
        .preemptions(2)
        .weaken(Weaken {
            file: CONTROL,
            fault: Fault::SeqCst,
        })
        .run(reuse);
}

/// The domain is killed once while two threads call it. A refused caller recovers the service as a shadow does. Both
/// get an answer, and the service restarts at most once.
fn recovery() {
    host::begin();
    let belongings = Belongings::new();
    let domain = spawn("a");
    let answered = Rc::new(Cell::new(0));
    let callers = [0, 1].map(|shard| {
        let (domain, belongings) = (domain.clone(), belongings.clone());
        let answered = Rc::clone(&answered);
        host::spawn(shard, move || {
            let dead = domain.service().current();
            if !call_current(&domain, &belongings) {
                domain
                    .service()
                    .recover(dead.target(), &Waits::new())
                    .unwrap();
                // The second generation is not killed.
                assert!(
                    call_current(&domain, &belongings),
                    "the recovered service refused an entry"
                );
            }
            answered.set(answered.get() + 1);
        })
    });
    assert!(domain.kill());
    for caller in callers {
        caller.join().unwrap();
    }
    assert_eq!(answered.get(), 2);
    assert!(domain.restarts() <= 1, "restarted twice for one death");
}

/// Invariant: ORDER-4
#[test]
fn one_restart_answers_all_callers() {
    Check::new("recovery", 128, 32).preemptions(2).run(recovery);
}

/// Removes the comparison from the exchange that admits one flight at a time. Then two concurrent flights restart the
/// service twice for one death. The exchange's memory orderings have no such test: the state that a flight changes is
/// published with its own orderings, and all loom tests pass with a relaxed exchange.
///
/// Invariant: ORDER-4
#[test]
#[should_panic(expected = "restarted twice for one death")]
fn one_restart_needs_the_flights_exchange() {
    Check::new("recovery, no flight", 128, 32)
        .preemptions(2)
        .weaken(Weaken {
            file: FLIGHT,
            fault: Fault::Compare,
        })
        .run(recovery);
}

/// One thread reads the current instance twice, while a restart replaces it.
fn publication() {
    host::begin();
    objects::begin(4);
    let belongings = Belongings::new();
    belongings.displace();
    let domain = spawn("a");
    let reader = {
        let (domain, belongings) = (domain.clone(), belongings.clone());
        host::spawn(1, move || {
            call_current(&domain, &belongings);
            call_current(&domain, &belongings);
        })
    };
    domain.restart().unwrap();
    reader.join().unwrap();
}

/// Invariant: ORDER-4
#[test]
fn an_instance_is_read_whole() {
    Check::new("publication", 128, 32)
        .preemptions(2)
        .run(publication);
}

#[test]
#[should_panic(expected = "wrong")]
fn whole_instances_need_the_writers_release() {
    Check::new("publication, weak writer", 128, 32)
        .preemptions(2)
        .weaken(Weaken {
            file: PUBLISHED,
            fault: Fault::Release,
        })
        .run(publication);
}

#[test]
#[should_panic(expected = "wrong")]
fn whole_instances_need_the_readers_acquire() {
    Check::new("publication, weak reader", 128, 32)
        .preemptions(2)
        .weaken(Weaken {
            file: PUBLISHED,
            fault: Fault::Acquire,
        })
        .run(publication);
}
