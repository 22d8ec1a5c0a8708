//! Constructors of slices: a slice has all its values, or it is not made and no value is left. Old bytes of its
//! memory are never visible.

use samara_host_std as _;
use samara_rref::{Cap, Exchangeable, RRef, Scratch};
use samara_shared_heap::heap;
use samara_testkit::hosted::{Counts, Tally, alone};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Exchangeable)]
struct Entry {
    device: Cap<Tally>,
    nested: RRef<RRef<u64>>,
}

/// Invariant: OWN-6
#[test]
fn a_panicking_constructor_frees_its_values() {
    static COUNTS: [Counts; 3] = [const { Counts::new() }; 3];
    let _alone = alone();
    let before = heap::census_all();
    for (len, counts) in [1, 10, 60].into_iter().zip(&COUNTS) {
        let made = catch_unwind(AssertUnwindSafe(|| {
            RRef::try_from_fn(len, |at| {
                assert!(at + 1 < len, "the last one is not made");
                Entry {
                    device: Cap::try_new(Tally::new(counts, at as u32)).unwrap(),
                    nested: RRef::new(RRef::new(at as u64)),
                }
            })
        }));
        assert!(made.is_err());
        assert_eq!(heap::census_all(), before);
        assert_eq!((counts.released() as usize, counts.faults()), (len - 1, 0));
    }
}

/// Invariant: OWN-6
#[test]
fn slice_values_are_dropped_once() {
    static COUNTS: Counts = Counts::new();
    let _alone = alone();
    let before = heap::census_all();
    let entries = RRef::try_from_fn(64, |at| Entry {
        device: Cap::try_new(Tally::new(&COUNTS, at as u32)).unwrap(),
        nested: RRef::new(RRef::new(at as u64)),
    })
    .unwrap();
    assert!(entries.iter().enumerate().all(|(at, entry)| {
        **entry.nested == at as u64 && entry.device.number() as usize == at
    }));
    assert_eq!(COUNTS.released(), 0);
    drop(entries);
    assert_eq!((COUNTS.released(), COUNTS.faults()), (64, 0));
    assert_eq!(heap::census_all(), before);
}

/// Fills many slots of a size with a secret, so that a CPU's cache and the slabs have such slots, and frees them.
fn leave_secrets(bytes: usize) {
    let secrets: Vec<_> = (0..200)
        .map(|_| RRef::try_from_fn(bytes, |_| 0xA5_u8).unwrap())
        .collect();
    drop(secrets);
}

/// Invariant: OWN-5
#[test]
fn zeroed_constructors_never_show_old_bytes() {
    let _alone = alone();
    for len in [1, 15, 16, 17, 500, 4096, 16_384, 16_385, 131_072] {
        leave_secrets(len);
        let clean: RRef<[u8]> = RRef::new_zeroed_slice(len).unwrap();
        assert!(clean.iter().all(|byte| *byte == 0), "{len} bytes");
        let renewed = <RRef<[u8]> as Scratch>::renew(Scratch::shape(&clean)).unwrap();
        assert!(renewed.len() == len && renewed.iter().all(|byte| *byte == 0));
    }
    leave_secrets(64);
    assert_eq!(*RRef::<[u64; 8]>::try_new_zeroed().unwrap(), [0; 8]);
    leave_secrets(4096);
    let page = <RRef<[u32; 1024]> as Scratch>::renew(()).unwrap();
    assert!(page.iter().all(|word| *word == 0));
}

/// Invariant: OWN-5
#[test]
fn a_freed_slot_is_reused_next() {
    let _alone = alone();
    // The test above relies on this reuse. Without it, the next object would show no old bytes even if the heap did
    // not zero them.
    let secret = RRef::from_slice(&[0xA5_u8; 256]);
    let place = secret.as_ptr();
    drop(secret);
    let next: RRef<[u8]> = RRef::new_zeroed_slice(256).unwrap();
    assert_eq!(next.as_ptr(), place);
}
