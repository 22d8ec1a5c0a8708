//! Transfers as generated proxies make them, for every shape of type.
#![expect(unsafe_code, reason = "makes transfers as a proxy would")]

use samara_host_std as _;
use samara_rref::{Cap, Exchangeable, Owner, RRef, Transfer};
use samara_shared_heap::heap;
use samara_testkit::hosted::{Counts, Tally};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Transfers `value` to an owner that nothing else uses, counts the owner's objects, and transfers `value` back to the
/// host.
fn there_and_back<T: Exchangeable>(value: &T, objects: usize, capabilities: usize) {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let owner = Owner::from_index(NEXT.fetch_add(1, SeqCst)).unwrap();
    // SAFETY: the tests act for all owners.
    value.transfer(&unsafe { Transfer::to(owner) });
    let census = heap::census(owner);
    assert_eq!(
        (census.objects, census.capabilities),
        (objects, capabilities)
    );
    assert_eq!(T::NESTED, objects + capabilities > 0);
    // SAFETY: as above.
    value.transfer(&unsafe { Transfer::to(Owner::HOST) });
    assert_eq!(heap::census(owner), heap::Census::default());
}

fn r(value: u8) -> RRef<u8> {
    RRef::new(value)
}

static COUNTS: Counts = Counts::new();

fn cap() -> Cap<Tally> {
    Cap::try_new(Tally::new(&COUNTS, 0)).unwrap()
}

#[test]
fn plain_data_holds_nothing() {
    there_and_back(&(1_u8, [2_u64; 4], Some('x'), Ok::<bool, ()>(true)), 0, 0);
    there_and_back(&(f32::MAX, i128::MIN, core::time::Duration::ZERO), 0, 0);
}

/// Invariant: OWN-1
#[test]
fn standard_containers_transfer_their_objects() {
    there_and_back(&r(1), 1, 0);
    there_and_back(&RRef::new(RRef::new(RRef::new(r(1)))), 4, 0);
    there_and_back(&Some(r(1)), 1, 0);
    there_and_back(&[r(1), r(2), r(3)], 3, 0);
    there_and_back(&Ok::<RRef<u8>, (RRef<u8>, RRef<u8>)>(r(1)), 1, 0);
    there_and_back(&Err::<RRef<u8>, _>((r(1), r(2))), 2, 0);
    there_and_back(&core::num::Wrapping(r(1)), 1, 0);
    there_and_back(&(r(1), r(2), r(3), r(4), r(5), r(6), r(7), r(8)), 8, 0);
    there_and_back(
        &RRef::try_from_fn(50, |at| [r(at as u8), r(0)]).unwrap(),
        101,
        0,
    );
    there_and_back(&RRef::new([Some(cap()), None, Some(cap())]), 1, 2);
    there_and_back(&cap(), 0, 1);
}

#[derive(Exchangeable)]
struct Unit;

#[derive(Exchangeable)]
struct Tuple(RRef<u8>, u32, Option<Cap<Tally>>);

#[derive(Exchangeable)]
struct Named<T: Exchangeable, const N: usize>
where
    T: Copy,
{
    plain: T,
    list: [RRef<T>; N],
    to: Option<RRef<[Tuple]>>,
}

#[derive(Exchangeable)]
#[expect(dead_code, reason = "made in parts")]
enum Every {
    Unit,
    Tuple(RRef<u8>, RRef<u8>),
    Named { field0: RRef<u8>, to: u8 },
    Nested(Result<Tuple, Named<u16, 2>>),
}

#[derive(Exchangeable)]
enum Never {}

/// Invariant: OWN-1
#[test]
fn derived_types_transfer_every_field() {
    there_and_back(&Unit, 0, 0);
    there_and_back(&Tuple(r(1), 2, Some(cap())), 1, 1);
    let named = || Named {
        plain: 1_u16,
        list: [RRef::new(2), RRef::new(3)],
        to: RRef::try_from_fn(2, |_| Tuple(r(1), 2, None)).ok(),
    };
    there_and_back(&named(), 2 + 1 + 2, 0);
    for (value, objects) in [
        (Every::Tuple(r(1), r(2)), 2),
        (
            Every::Named {
                field0: r(1),
                to: 2,
            },
            1,
        ),
        (Every::Nested(Ok(Tuple(r(1), 2, None))), 1),
        (Every::Nested(Err(named())), 5),
    ] {
        there_and_back(&value, objects, 0);
    }
    const { assert!(!Never::NESTED && Every::NESTED) };
}

#[test]
fn depth_and_description_are_data() {
    assert_eq!(<u64 as Exchangeable>::DEPTH, 0);
    assert_eq!(<RRef<RRef<[u8; 4]>> as Exchangeable>::DEPTH, 3);
    assert_eq!(Every::DEPTH, 8);
    assert_eq!(<Named<u8, 3> as Exchangeable>::DEPTH, 6);
    let described = <Tuple as Exchangeable>::DESCRIPTOR;
    assert_eq!(
        (described.name(), described.size(), described.align()),
        ("Tuple", size_of::<Tuple>(), align_of::<Tuple>())
    );
    assert_eq!(
        format!("{described:?}"),
        format!("Tuple:{}/8", size_of::<Tuple>())
    );
    assert_ne!(described, <Unit as Exchangeable>::DESCRIPTOR);
}
