//! Entry against kill against reuse of the slot; the last exit against the reaper.
//!
//! Bounds: one domain slot, two shards, two or three threads, at most three preemptions where said.

use samara_model_primitives::{Check, Fault, Weaken};
use samara_models::domain::{Belongings, call, reclaims, spawn};
use samara_models::host;

const SEQ_CST: Weaken = Weaken {
    file: "domain-runtime/src/control.rs",
    fault: Fault::SeqCst,
};

/// One thread calls, the other kills and tries to reclaim.
fn entry_and_kill() {
    host::begin();
    let belongings = Belongings::new();
    let domain = spawn("a");
    let target = domain.service().current().target();
    let caller = host::spawn(1, move || {
        call(target, || {
            assert_eq!(belongings.touch(), 0);
        })
    });
    assert!(domain.kill());
    let _ = caller.join();
    // Nobody is inside any more: this one reclaims it if the first did not.
    assert!(!domain.kill());
    assert_eq!(reclaims(), 1, "reclaimed once");
}

#[test]
fn an_entry_excludes_the_reclaim() {
    Check::new("entry and kill", 96, 16).run(entry_and_kill);
}

#[test]
#[should_panic(expected = "wrong")]
fn an_entry_excludes_the_reclaim_by_seq_cst_only() {
    Check::new("entry and kill, weakened", 96, 16)
        .weaken(SEQ_CST)
        .run(entry_and_kill);
}
