//! Formatted output: errors, owners, type descriptors, handles.

use crate::surface::call;
use samara_domain::thread::SpawnError;
use samara_domain::{AllocError, Exchangeable, RRef, RpcError, TypeDescriptor, ViewError};
use samara_rref::Owner;
use samara_testkit::hosted::Rng;
use std::collections::hash_map::DefaultHasher;
use std::fmt::{self, Debug, Display};
use std::hash::Hash;

/// Returns the text that `show` writes.
pub(crate) fn by(show: impl Fn(&mut fmt::Formatter<'_>) -> fmt::Result) -> String {
    struct By<F>(F);
    impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> Display for By<F> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (self.0)(f)
        }
    }
    By(show).to_string()
}

macro_rules! tell {
    ($type:ty: $($value:expr),*) => {
        for value in [$($value),*] {
            assert!(!by(|f| call!(<$type as Display>::fmt, &value, f)).is_empty());
            assert!(!by(|f| call!(<$type as Debug>::fmt, &value, f)).is_empty());
            assert!(call!(<$type as PartialEq>::eq, &value, &call!(<$type as Clone>::clone, &value)));
        }
    };
}

pub(super) fn play(_: &mut Rng) {
    tell!(AllocError: AllocError::OutOfMemory, AllocError::Quota, AllocError::TooLarge);
    tell!(ViewError: ViewError::Size, ViewError::Alignment, ViewError::Invalid);
    tell!(RpcError: RpcError::Dead, RpcError::Crashed, RpcError::HostQuota, RpcError::OnOwnChain);
    tell!(SpawnError: SpawnError::Limit, SpawnError::Refused, SpawnError::Stopping);
    let error = call!(<RpcError as From<AllocError>>::from, AllocError::Quota);
    assert_eq!(error, RpcError::OutOfMemory);
    types();
    owners();
}

fn owners() {
    let object = RRef::new(1_u64);
    let owner = RRef::owner(&object);
    let index = call!(Owner::index, owner);
    assert_eq!(index == 0, call!(Owner::is_host, owner));
    let same = call!(Owner::from_index, index);
    assert!(same.is_some_and(|same| call!(<Owner as PartialEq>::eq, &same, &owner)));
    assert!(call!(<Owner as Clone>::clone, &owner) == owner);
    assert!(!by(|f| call!(<Owner as Debug>::fmt, &owner, f)).is_empty());
    let mut hasher = DefaultHasher::new();
    call!(<Owner as Hash>::hash::<DefaultHasher>, &owner, &mut hasher);
}

fn types() {
    let of = <RRef<[u64; 3]> as Exchangeable>::DESCRIPTOR;
    assert_eq!(
        call!(TypeDescriptor::size, &of),
        size_of::<RRef<[u64; 3]>>()
    );
    assert_eq!(
        call!(TypeDescriptor::align, &of),
        align_of::<RRef<[u64; 3]>>()
    );
    assert_eq!(call!(TypeDescriptor::name, &of), "RRef");
    assert!(!by(|f| call!(<TypeDescriptor as Debug>::fmt, &of, f)).is_empty());
    let copy = call!(<TypeDescriptor as Clone>::clone, &of);
    assert!(call!(<TypeDescriptor as PartialEq>::eq, &of, &copy));
    let other = call!(TypeDescriptor::of::<u64>, "u64");
    let words = call!(
        TypeDescriptor::slice,
        "words",
        &<u64 as Exchangeable>::DESCRIPTOR
    );
    assert!(words != of);
    assert!(of != other);
}
