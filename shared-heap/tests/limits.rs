//! Quotas on objects, transfers to owners with a quota, and counts of refusals.
#![expect(unsafe_code, reason = "drives the heap below its safe types")]

use samara_host_std as _;
use samara_shared_heap::class::{self, Place};
use samara_shared_heap::ledger::Load;
use samara_shared_heap::quota::{self, Limits, Refused};
use samara_shared_heap::{AllocError, Cap, Owner, heap};
use samara_testkit::hosted::{Counts, Tally, acting_for, limit};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

const SLOT: Place = class::place(64, 8);

fn admit(owner: Owner, load: Load) -> bool {
    // SAFETY: the test acts for the owner.
    unsafe { quota::admit(owner, load) }
}

fn owner(bytes: Option<usize>, objects: Option<usize>) -> Owner {
    static NEXT: AtomicUsize = AtomicUsize::new(100);
    let owner = Owner::from_index(NEXT.fetch_add(1, SeqCst)).unwrap();
    limit(owner, Limits { bytes, objects });
    owner
}

fn alloc(owner: Owner) -> Result<NonNull<u8>, AllocError> {
    // SAFETY: the object is freed with its owner, and nothing reads its bytes.
    let make = || unsafe { heap::alloc(SLOT, 64, 8) };
    // SAFETY: as above.
    unsafe { acting_for(owner, make) }
}

fn give(from: Owner, to: Owner) {
    let object = alloc(from).unwrap();
    // SAFETY: a live object of the test, which acts for all owners.
    unsafe { heap::set_owner(object, SLOT, to) };
}

#[test]
fn objects_are_limited_and_capabilities_are_objects() {
    static COUNTS: Counts = Counts::new();
    let me = owner(None, Some(3));
    let first = alloc(me).unwrap();
    let make = |number| Cap::try_new(Tally::new(&COUNTS, number));
    // SAFETY: the capability is dropped in this test.
    let cap = unsafe { acting_for(me, || make(1)) }.unwrap();
    alloc(me).unwrap();
    assert_eq!(alloc(me), Err(AllocError::Quota));
    // SAFETY: as above.
    let refused = unsafe { acting_for(me, || make(2)) };
    assert_eq!(refused.unwrap_err().0, AllocError::Quota);
    drop(cap);
    alloc(me).unwrap();
    // SAFETY: the object is live, and the test gives it up.
    unsafe { heap::free(first, SLOT) };
    alloc(me).unwrap();
    assert_eq!(alloc(me), Err(AllocError::Quota));
    assert_eq!(
        (quota::refused(me).allocations, quota::refused(me).transfers),
        (3, 0)
    );
    assert_eq!(
        (quota::limit(me), quota::limits(me).objects),
        (None, Some(3))
    );
}

#[test]
fn an_owner_without_limits_is_not_limited() {
    let me = owner(None, None);
    assert!(!quota::is_limited(me));
    for limits in [(Some(1), None), (None, Some(1))] {
        let (bytes, objects) = limits;
        limit(me, Limits { bytes, objects });
        assert!(quota::is_limited(me));
    }
    assert_eq!(quota::refused(me), Refused::default());
}

#[test]
fn a_receiver_over_twice_its_limit_is_refused() {
    let (me, other) = (owner(Some(640), None), owner(None, None));
    let one = Load::one(64);
    let mut accepted = 0;
    while admit(me, one) {
        give(other, me);
        accepted += 1;
        assert!(accepted < 100, "never refused");
    }
    assert_eq!(accepted, 20, "twice the limit");
    assert_eq!(heap::census(me).bytes, 1280);
    assert!(!admit(me, one));
    assert_eq!(quota::refused(me).transfers, 2);
    assert_eq!(alloc(me), Err(AllocError::Quota));
    // SAFETY: nothing uses the owner's objects.
    assert_eq!(unsafe { heap::reclaim(me) }.objects, 20);
    assert!(admit(
        me,
        Load {
            bytes: 1280,
            objects: 20
        }
    ));
}

#[test]
fn received_objects_use_up_credit_at_once() {
    let (me, other) = (owner(Some(640), None), owner(None, None));
    // The first allocation causes a count, after which there is credit for ten objects.
    alloc(me).unwrap();
    for _ in 0..9 {
        assert!(admit(me, Load::one(64)));
        give(other, me);
    }
    assert_eq!(alloc(me), Err(AllocError::Quota), "it has ten objects");
    let me = owner(Some(640), None);
    alloc(me).unwrap();
    for _ in 0..9 {
        // The heap cannot refuse the result of a call, so it only notes the result's load.
        give(other, me);
        // SAFETY: the test acts for the owner.
        unsafe { quota::note(me, Load::one(64)) };
    }
    assert_eq!(alloc(me), Err(AllocError::Quota), "it has ten objects");
}

#[test]
fn a_load_over_twice_the_limit_is_refused() {
    let me = owner(Some(1 << 20), Some(10));
    assert!(!admit(
        me,
        Load {
            bytes: 1,
            objects: 21
        }
    ));
    assert!(!admit(me, Load::MAX));
    assert!(admit(
        me,
        Load {
            bytes: 2 << 20,
            objects: 20
        }
    ));
}
