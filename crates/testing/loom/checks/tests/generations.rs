//! Entry against kill against reuse of the slot, and a shadow's restart against its callers.
//!
//! Bounds: one slot, two generations, two shards, two callers and the one who kills; at most two
//! preemptions.

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

/// Calls whatever generation is current; whether it was let in. Inside, object and belongings must be
/// those of the generation that was entered.
fn call_current(domain: &Domain<dyn Probe>, belongings: &Belongings) -> bool {
    let instance = domain.service().current();
    let object = instance.object().cast::<Object>();
    call(instance.target(), || {
        let lives = belongings.touch() + 1;
        // SAFETY: entered, so the object of this generation is alive.
        let number = unsafe { object.as_ref() }.number();
        assert_eq!(u32::from(number), lives);
    })
}

/// A stale entry meets the next generation in the same slot.
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
    assert!(
        !call(old, || ()),
        "an old generation is never entered again"
    );
    assert_eq!(reclaims(), 1);
}

#[test]
fn a_stale_entry_never_meets_the_next_generation() {
    Check::new("generation reuse", 128, 32)
        .preemptions(4)
        .run(reuse);
}

#[test]
#[should_panic(expected = "wrong")]
fn a_stale_entry_is_refused_by_seq_cst_only() {
    Check::new("generation reuse, weakened", 128, 32)
        .preemptions(2)
        .weaken(Weaken {
            file: CONTROL,
            fault: Fault::SeqCst,
        })
        .run(reuse);
}

/// Two callers as a shadow makes them, one kill: both are answered, by one restart at most.
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
                // Nobody kills the second one.
                assert!(call_current(&domain, &belongings), "not recovered");
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

#[test]
fn one_thread_restarts_and_all_are_answered() {
    Check::new("recovery", 128, 32).preemptions(2).run(recovery);
}

/// Two flights at once restart a service twice for one death. (The exchange's orders are not needed here: what a
/// flight changes is published with orders of its own. Without them all models pass.)
#[test]
#[should_panic(expected = "restarted twice for one death")]
fn one_thread_restarts_by_the_exchange_that_begins_it_only() {
    Check::new("recovery, no flight", 128, 32)
        .preemptions(2)
        .weaken(Weaken {
            file: FLIGHT,
            fault: Fault::Compare,
        })
        .run(recovery);
}

/// A reader of the current instance against the restart that replaces it.
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

#[test]
fn an_instance_is_read_whole() {
    Check::new("publication", 128, 32)
        .preemptions(2)
        .run(publication);
}

#[test]
#[should_panic(expected = "wrong")]
fn an_instance_is_read_whole_by_the_writers_release_only() {
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
fn an_instance_is_read_whole_by_the_readers_acquire_only() {
    Check::new("publication, weak reader", 128, 32)
        .preemptions(2)
        .weaken(Weaken {
            file: PUBLISHED,
            fault: Fault::Acquire,
        })
        .run(publication);
}
