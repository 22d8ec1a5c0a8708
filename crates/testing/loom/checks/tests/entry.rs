//! Races an entry with a kill, and the last exit with the reaper.
//!
//! Bounds: one domain, two shards, at most three threads. With two threads loom explores every interleaving, and with
//! three threads those with at most three preemptions.

use samara_loom::domain::{Belongings, call, reclaims, spawn};
use samara_loom::host;
use samara_loom_primitives::{Check, Fault, Weaken};

const SEQ_CST: Weaken = Weaken {
    file: "domain-runtime/src/control.rs",
    fault: Fault::SeqCst,
};

/// One thread calls the domain, while the other thread kills it and tries to reclaim it.
fn entry_and_kill() {
    host::begin();
    let belongings = Belongings::new();
    let domain = spawn("a");
    let target = domain.service().current().target();
    let caller = host::spawn(1, move || {
        call(target, || assert_eq!(belongings.touch(), 0));
    });
    assert!(domain.kill());
    caller.join().unwrap();
    // No thread is inside the domain any more. So this kill reclaims the domain if the first kill did not.
    assert!(!domain.kill());
    assert_eq!(reclaims(), 1, "one death takes exactly one reclaim");
}

/// Invariant: ORDER-1
#[test]
fn an_entry_excludes_the_reclaim() {
    Check::new("entry and kill", 96, 24).run(entry_and_kill);
}

#[test]
#[should_panic(expected = "wrong")]
fn excluding_the_reclaim_needs_seq_cst() {
    Check::new("entry and kill, weakened", 96, 24)
        .weaken(SEQ_CST)
        .run(entry_and_kill);
}

/// The last thread that leaves a dead domain wakes the reaper, unless the kill has seen that no thread is inside and
/// has reclaimed the domain.
fn last_exit_and_reaper() {
    host::begin();
    let belongings = Belongings::new();
    let domain = spawn("a");
    let target = domain.service().current().target();
    let callers = [0, 1].map(|shard| {
        let belongings = belongings.clone();
        host::spawn(shard, move || {
            call(target, || assert_eq!(belongings.touch(), 0));
        })
    });
    assert!(domain.kill());
    // The kill itself has woken the reaper once, before it looked for threads inside. That wake-up does not count.
    let before = 1;
    for caller in callers {
        caller.join().unwrap();
    }
    if reclaims() == 0 {
        assert!(
            host::wakes() > before,
            "nobody woke the reaper after the last exit"
        );
    }
    assert!(!domain.kill());
    assert_eq!(reclaims(), 1, "one death takes exactly one reclaim");
}

/// Invariant: ORDER-2
#[test]
fn the_last_exit_wakes_the_reaper() {
    Check::new("last exit and reaper", 96, 24)
        .preemptions(3)
        .run(last_exit_and_reaper);
}

#[test]
#[should_panic(expected = "wrong")]
fn seeing_the_last_exit_needs_seq_cst() {
    Check::new("last exit and reaper, weakened", 96, 24)
        .preemptions(3)
        .weaken(SEQ_CST)
        .run(last_exit_and_reaper);
}

/// As [`last_exit_and_reaper`], with one caller that is already inside when the kill begins. So the only possible
/// failure is a lost wake-up.
fn wake_or_reclaim() {
    host::begin();
    let _belongings = Belongings::new();
    let domain = spawn("a");
    let mut killer = None;
    let begin = || {
        let domain = domain.clone();
        killer = Some(host::spawn(1, move || assert!(domain.kill())));
    };
    assert!(call(domain.service().current().target(), begin));
    if let Some(killer) = killer {
        killer.join().unwrap();
    }
    // The first wake-up comes from the kill itself, before it looked for threads inside. A second one comes from the
    // exit.
    let answered = reclaims() == 1 || host::wakes() > 1;
    assert!(answered, "nobody woke the reaper after the last exit");
}

/// Invariant: ORDER-2
#[test]
fn a_wake_is_not_lost() {
    Check::new("a wake", 96, 24).run(wake_or_reclaim);
}

#[test]
#[should_panic(expected = "nobody woke")]
fn keeping_a_wake_needs_seq_cst() {
    Check::new("a wake, weakened", 96, 24)
        .weaken(SEQ_CST)
        .run(wake_or_reclaim);
}
