//! `RRef<T>` with one value.

use crate::surface::call;
use samara_domain::{AllocError, Exchangeable, RRef, Scratch};
use samara_testkit::hosted::Rng;
use std::borrow::{Borrow, BorrowMut};
use std::cmp::Ordering;
use std::collections::hash_map::DefaultHasher;
use std::fmt::{Debug, Display};
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};

/// A type with a larger alignment than most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
#[repr(align(256))]
struct Wide(u64);

fn made<T, E>(made: Result<T, E>) -> T {
    made.unwrap_or_else(|_| panic!("a small object was refused"))
}

pub(super) fn play(rng: &mut Rng) {
    let value = rng.below(1 << 30) as u64;
    let mut object = match rng.below(5) {
        0 => call!(RRef::<u64>::new, value),
        1 => made(call!(RRef::<u64>::try_new, value)),
        2 => call!(<RRef<u64> as From<u64>>::from, value),
        3 => made(call!(RRef::<u64>::try_new_with, |at: &mut u64| *at = value)),
        _ => call!(RRef::<u64>::new_with, |at: &mut u64| *at = value),
    };
    assert_eq!(*call!(<RRef<u64> as Deref>::deref, &object), value);
    *call!(<RRef<u64> as DerefMut>::deref_mut, &mut object) += 1;
    *call!(<RRef<u64> as AsMut<u64>>::as_mut, &mut object) += 1;
    *call!(<RRef<u64> as BorrowMut<u64>>::borrow_mut, &mut object) += 1;
    assert_eq!(
        *call!(<RRef<u64> as AsRef<u64>>::as_ref, &object),
        value + 3
    );
    assert_eq!(
        *call!(<RRef<u64> as Borrow<u64>>::borrow, &object),
        value + 3
    );
    compare(&object, value + 3);
    assert_eq!(call!(RRef::<u64>::into_inner, object), value + 3);
    zeroed(value);
    wide(value);
    scratch(rng.below(100));
}

fn compare(object: &RRef<u64>, value: u64) {
    let other = RRef::new(value + 1);
    assert!(!call!(<RRef<u64> as PartialEq>::eq, object, &other));
    assert_eq!(
        call!(<RRef<u64> as Ord>::cmp, object, &other),
        Ordering::Less
    );
    let order = call!(<RRef<u64> as PartialOrd>::partial_cmp, object, &other);
    assert_eq!(order, Some(Ordering::Less));
    let (mut own, mut values) = (DefaultHasher::new(), DefaultHasher::new());
    call!(<RRef<u64> as Hash>::hash::<DefaultHasher>, object, &mut own);
    value.hash(&mut values);
    assert_eq!(own.finish(), values.finish());
    let shown = super::told::by(|f| call!(<RRef<u64> as Display>::fmt, object, f));
    assert_eq!(shown, value.to_string());
    let shown = super::told::by(|f| call!(<RRef<u64> as Debug>::fmt, object, f));
    assert_eq!(shown, value.to_string());
    let shown = super::told::by(|f| call!(<RRef<u64> as std::fmt::Pointer>::fmt, object, f));
    assert_eq!(shown, format!("{:p}", &raw const **object));
    let owner = call!(RRef::<u64>::owner, object);
    assert_eq!(owner, RRef::owner(&other));
}

/// A zeroed object does not show the old bytes of its slot.
fn zeroed(value: u64) {
    drop(RRef::new([value; 8]));
    let zeroed = made(call!(RRef::<[u64; 8]>::try_new_zeroed));
    assert_eq!(*zeroed, [0; 8]);
    assert_eq!(*call!(<RRef<u64> as Default>::default), 0);
}

fn wide(value: u64) {
    let object = made(RRef::try_new(Wide(value)));
    assert!((&raw const *object).addr().is_multiple_of(256));
    assert_eq!(RRef::into_inner(object), Wide(value));
}

fn scratch(len: usize) {
    let word = RRef::new(7_u64);
    call!(<RRef<u64> as Scratch>::shape, &word);
    let again = made(call!(<RRef<u64> as Scratch>::renew, ()));
    assert_eq!(*again, 0);
    let bytes = made(RRef::<[u8]>::try_from_fn(len, |_| 7));
    let shape = call!(<RRef<[u8]> as Scratch>::shape, &bytes);
    drop(bytes);
    let again: Result<_, AllocError> = call!(<RRef<[u8]> as Scratch>::renew, shape);
    assert!(made(again).iter().all(|byte| *byte == 0));
}
