//! Values that are made in place, also if a constructor panics; and the standard traits.

use samara_host_std as _;
use samara_rref::{AllocError, RRef};
use samara_shared_heap::heap::census_all;
use samara_testkit::hosted::alone;
use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Far more bytes than the stack of a test thread has.
const HUGE: usize = 64 << 20;

#[test]
fn a_huge_value_never_touches_the_stack() {
    let _alone = alone();
    let huge = RRef::<[u8; HUGE]>::try_new_with(|value| value[HUGE - 1] = 7).unwrap();
    assert_eq!((huge[0], huge[HUGE - 1]), (0, 7));
    let huge = RRef::<[u32; HUGE / 4]>::try_array_from_fn(|at| at as u32).unwrap();
    assert_eq!(huge[HUGE / 4 - 1] as usize, HUGE / 4 - 1);
}

#[test]
fn a_panic_in_a_constructor_leaves_nothing() {
    let _alone = alone();
    let before = census_all();
    let panics = |body: &mut dyn FnMut()| catch_unwind(AssertUnwindSafe(body)).is_err();
    assert!(panics(&mut || drop(RRef::<[u8; 64]>::new_with(
        |_| panic!("as asked")
    ))));
    assert!(panics(&mut || {
        let made = RRef::<[RRef<u32>; 8]>::try_array_from_fn(|at| {
            assert!(at < 5, "as asked");
            RRef::new(at as u32)
        });
        drop(made);
    }));
    assert_eq!(census_all(), before);
}

#[test]
fn sizes_that_overflow_are_refused() {
    let _alone = alone();
    let refused = RRef::<[u64]>::new_zeroed_slice(usize::MAX / 4);
    assert_eq!(refused.unwrap_err(), AllocError::TooLarge);
}

#[test]
fn standard_traits_match_those_of_box() {
    let _alone = alone();
    let mut value: RRef<u32> = 7.into();
    *value.as_mut() += 1;
    assert_eq!(
        (RRef::<u32>::default(), format!("{value}")),
        (RRef::new(0), "8".into())
    );
    assert!(RRef::new(1) < RRef::new(2) && RRef::new_str("b") > RRef::new_str("a"));
    let ordered: BTreeSet<_> = [3, 1, 2].map(RRef::new).into();
    assert_eq!(ordered.iter().map(|at| **at).collect::<Vec<_>>(), [1, 2, 3]);
    let named: HashMap<RRef<str>, u32> = [(RRef::new_str("net"), 4)].into();
    assert_eq!(named.get("net"), Some(&4), "found by what it borrows as");
    assert_eq!(RRef::<[u8]>::from(&[1u8, 2][..]), RRef::from_slice(&[1, 2]));
}
