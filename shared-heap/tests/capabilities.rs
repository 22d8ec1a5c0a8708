//! Tests capability slots without domains: how a reclaim quiesces and drops capabilities, in which order, and on
//! behalf of which owner.
#![expect(
    unsafe_code,
    reason = "declares classes and reclaims owners without a runtime"
)]

use samara_host_std as _;
use samara_shared_heap::heap::{self, Census};
use samara_shared_heap::{AllocError, Cap, Capability, Owner};
use samara_testkit::hosted::{Counts, Tally, acting_for, limit_bytes};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Returns an owner that no other test uses.
fn owner() -> Owner {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    Owner::from_index(NEXT.fetch_add(1, SeqCst)).unwrap()
}

fn as_owner<R>(owner: Owner, body: impl FnOnce() -> R) -> R {
    // SAFETY: each test uses the objects of its owner only before it reclaims the owner.
    unsafe { acting_for(owner, body) }
}

fn reclaim(owner: Owner) -> Census {
    // SAFETY: no test uses a handle of the owner after this.
    unsafe { heap::reclaim(owner) }
}

/// Invariant: DEV-1
#[test]
fn all_are_quiesced_before_any_is_released() {
    static COUNTS: Counts = Counts::new();
    let me = owner();
    as_owner(me, || {
        for number in 0..64 {
            std::mem::forget(Cap::try_new(Tally::new(&COUNTS, number)).unwrap());
        }
    });
    assert_eq!(heap::census(me).capabilities, 64);
    assert_eq!(reclaim(me).capabilities, 64);
    assert_eq!(
        (COUNTS.quiesced(), COUNTS.released(), COUNTS.faults()),
        (64, 64, 0)
    );
    assert_eq!(reclaim(me), Census::default(), "once");
    assert_eq!(COUNTS.faults(), 0);
}

#[test]
fn quiescing_alone_releases_nothing() {
    static COUNTS: Counts = Counts::new();
    let me = owner();
    let cap = as_owner(me, || Cap::try_new(Tally::new(&COUNTS, 0)).unwrap());
    // SAFETY: nothing uses the owner's capability meanwhile.
    assert_eq!(unsafe { heap::quiesce(me) }, 1);
    assert_eq!((COUNTS.quiesced(), COUNTS.released()), (1, 0));
    // It still counts as its owner's.
    assert_eq!((heap::census(me).capabilities, cap.owner()), (1, me));
    std::mem::forget(cap);
    assert_eq!(reclaim(me).capabilities, 1);
    assert_eq!((COUNTS.released(), COUNTS.faults()), (1, 0));
}

#[test]
fn only_the_dead_owners_capabilities_are_touched() {
    static DEAD: Counts = Counts::new();
    static ALIVE: Counts = Counts::new();
    let (dead, alive) = (owner(), owner());
    let kept: Vec<_> = (0..20)
        .map(|number| {
            as_owner(dead, || {
                std::mem::forget(Cap::try_new(Tally::new(&DEAD, number)).unwrap())
            });
            as_owner(alive, || Cap::try_new(Tally::new(&ALIVE, number)).unwrap())
        })
        .collect();
    // One capability moves from the owner that dies to the one that lives.
    let moved = as_owner(dead, || Cap::try_new(Tally::new(&DEAD, 63)).unwrap());
    // SAFETY: the handle stays in this test, which acts for both owners.
    unsafe { moved.set_owner(alive) };
    assert_eq!(reclaim(dead).capabilities, 20);
    assert_eq!(
        (DEAD.released(), ALIVE.quiesced(), ALIVE.released()),
        (20, 0, 0)
    );
    assert_eq!(moved.number(), 63);
    drop((moved, kept));
    assert_eq!((DEAD.released(), ALIVE.released()), (21, 20));
    assert_eq!(DEAD.faults() + ALIVE.faults(), 0);
}

/// Invariant: HEAP-40
#[test]
fn a_holders_drop_runs_on_behalf_of_the_host() {
    static COUNTS: Counts = Counts::new();
    let me = owner();
    as_owner(me, || drop(Cap::try_new(Tally::new(&COUNTS, 5)).unwrap()));
    assert_eq!(
        (COUNTS.quiesced(), COUNTS.released(), COUNTS.faults()),
        (0, 1, 0)
    );
    assert_eq!(heap::census(me), Census::default());
}

#[test]
fn the_host_may_take_the_value_back() {
    static COUNTS: Counts = Counts::new();
    let cap = Cap::try_new(Tally::new(&COUNTS, 9)).unwrap();
    // SAFETY: the test is trusted code of the host.
    let value = unsafe { cap.into_inner() };
    assert_eq!((value.number(), COUNTS.released()), (9, 0));
    drop(value);
    assert_eq!(COUNTS.released(), 1);
}

#[test]
fn a_quota_refuses_and_gives_the_value_back() {
    static COUNTS: Counts = Counts::new();
    let me = owner();
    limit_bytes(me, Some(0));
    let (error, value) = as_owner(me, || Cap::try_new(Tally::new(&COUNTS, 1))).unwrap_err();
    assert_eq!(
        (error, value.number(), COUNTS.released()),
        (AllocError::Quota, 1, 0)
    );
    limit_bytes(me, None);
}

/// A capability that contains a capability of the host, and whose destructor uses the heap.
struct Nest {
    inner: Option<Cap<Tally>>,
    log: &'static Mutex<Vec<&'static str>>,
}

// SAFETY: both functions are bounded, do not panic and run no domain's code. The inner capability belongs to the host.
unsafe impl Capability for Nest {
    const NAME: &'static str = "Nest";
    fn quiesce(&self) {
        self.log.lock().unwrap().push("quiesce");
    }
}

impl Drop for Nest {
    fn drop(&mut self) {
        // Takes the heap's locks. A reclaim must not hold them while it runs this destructor.
        static OTHER: Counts = Counts::new();
        drop(Cap::try_new(Tally::new(&OTHER, 0)));
        self.inner = None;
        self.log.lock().unwrap().push("drop");
    }
}

/// Invariant: DEV-8
#[test]
fn a_destructor_may_use_the_heap() {
    static COUNTS: Counts = Counts::new();
    static LOG: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let me = owner();
    let nests = [0, 1].map(|number| Nest {
        inner: Some(Cap::try_new(Tally::new(&COUNTS, number)).unwrap()),
        log: &LOG,
    });
    as_owner(me, || {
        nests.map(|nest| std::mem::forget(Cap::try_new(nest).ok().unwrap()))
    });
    assert_eq!(reclaim(me).capabilities, 2);
    assert_eq!(*LOG.lock().unwrap(), ["quiesce", "quiesce", "drop", "drop"]);
    // The inner capabilities belonged to the host. The destructor of the outer value dropped them; no reclaim did.
    assert_eq!(
        (COUNTS.quiesced(), COUNTS.released(), COUNTS.faults()),
        (0, 2, 0)
    );
}

#[test]
fn sizes_and_alignments_of_values_are_met() {
    #[repr(align(4096))]
    struct Page([u8; 8192]);
    // SAFETY: plain data.
    unsafe impl Capability for Page {
        const NAME: &'static str = "Page";
    }
    struct Nothing;
    // SAFETY: plain data.
    unsafe impl Capability for Nothing {
        const NAME: &'static str = "Nothing";
    }
    let me = owner();
    as_owner(me, || {
        let pages: Vec<_> = (0..40)
            .map(|byte| Cap::try_new(Page([byte; 8192])).ok().unwrap())
            .collect();
        let _nothing = Cap::try_new(Nothing).ok().unwrap();
        for (byte, page) in pages.iter().enumerate() {
            assert_eq!((&raw const **page).addr() % 4096, 0);
            assert!(page.0.iter().all(|at| usize::from(*at) == byte));
        }
        assert_eq!(heap::census(me).capabilities, 41);
    });
    assert_eq!(heap::census(me), Census::default());
}

/// A capability whose destructor breaks its promise and panics. The panic then runs the destructors of its fields.
struct Bomb(#[expect(dead_code, reason = "only dropped")] Tally);

// SAFETY: the promise not to panic is broken on purpose. The test shows that this leads to no second drop.
unsafe impl Capability for Bomb {
    const NAME: &'static str = "Bomb";
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("as asked");
    }
}

/// Invariant: DEV-34
#[test]
fn a_capability_that_panics_is_dropped_once() {
    static COUNTS: Counts = Counts::new();
    let me = owner();
    let dropped = as_owner(me, || {
        let bomb = Cap::try_new(Bomb(Tally::new(&COUNTS, 0))).ok().unwrap();
        catch_unwind(AssertUnwindSafe(|| drop(bomb)))
    });
    assert!(dropped.is_err());
    assert_eq!((COUNTS.released(), COUNTS.faults()), (1, 0));
    assert_eq!(heap::census(me), Census::default());
    assert_eq!(reclaim(me), Census::default());
    assert_eq!((COUNTS.released(), COUNTS.faults()), (1, 0));

    as_owner(me, || {
        std::mem::forget(Cap::try_new(Bomb(Tally::new(&COUNTS, 1))).ok().unwrap());
    });
    assert!(catch_unwind(|| reclaim(me)).is_err());
    assert_eq!(reclaim(me), Census::default());
    assert_eq!((COUNTS.released(), COUNTS.faults()), (2, 0));
}
