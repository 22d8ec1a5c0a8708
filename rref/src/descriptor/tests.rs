//! Every difference of two types makes their descriptors differ, and the comparison and the encoding agree.
extern crate std;

use super::*;
use crate::{Exchangeable, RRef};
use std::vec::Vec;

/// Returns the encoding of a type inside an interface that is otherwise always the same.
fn bytes(ty: TypeDescriptor) -> Vec<u8> {
    let methods: &'static [_] = Vec::leak(std::vec![interface::MethodDescriptor {
        name: "m",
        repeat: interface::Repeat::Never,
        arguments: Vec::leak(std::vec![interface::ArgumentDescriptor { lent: false, ty }]),
        result: <() as Exchangeable>::DESCRIPTOR,
    }]);
    let interface = interface::InterfaceDescriptor {
        name: "I",
        parameters: &[],
        supertraits: &[],
        methods,
    };
    let mut bytes = Vec::new();
    interface
        .encode(&mut |piece| bytes.extend_from_slice(piece))
        .unwrap();
    bytes
}

fn differ(a: TypeDescriptor, b: TypeDescriptor) {
    assert_ne!(a, b);
    assert_ne!(bytes(a), bytes(b));
}

mod one {
    use super::*;
    #[derive(crate::Exchangeable)]
    pub(super) struct Point {
        pub(super) x: u32,
        pub(super) y: u32,
    }
    #[derive(crate::Exchangeable)]
    pub(super) enum Kind {
        #[allow(dead_code, reason = "its descriptor counts")]
        Read = 1,
        #[allow(dead_code, reason = "its descriptor counts")]
        Write = 2,
    }
    #[derive(crate::Exchangeable)]
    #[allow(dead_code, reason = "its descriptor counts")]
    pub(super) enum Command<T: Exchangeable, const N: usize> {
        Data(RRef<[T; N]>),
        Named { flag: bool, both: (u8, T) },
        End,
    }
}

mod two {
    #[derive(crate::Exchangeable)]
    #[allow(dead_code, reason = "its descriptor counts")]
    pub(super) struct Point {
        pub(super) y: u32,
        pub(super) x: u32,
    }
    #[derive(crate::Exchangeable)]
    pub(super) enum Kind {
        #[allow(dead_code, reason = "its descriptor counts")]
        Read = 2,
        #[allow(dead_code, reason = "its descriptor counts")]
        Write = 1,
    }
}

#[test]
fn the_same_size_is_not_the_same_type() {
    assert_eq!(one::Point { x: 1, y: 2 }.x, 1);
    differ(one::Point::DESCRIPTOR, two::Point::DESCRIPTOR);
    differ(one::Kind::DESCRIPTOR, two::Kind::DESCRIPTOR);
    differ(u32::DESCRIPTOR, f32::DESCRIPTOR);
    differ(<Option<u32>>::DESCRIPTOR, <Option<f32>>::DESCRIPTOR);
    differ(<[u8; 4]>::DESCRIPTOR, <[i8; 4]>::DESCRIPTOR);
    differ(<(u8, u16)>::DESCRIPTOR, <(u16, u8)>::DESCRIPTOR);
    differ(<RRef<u32>>::DESCRIPTOR, <RRef<i32>>::DESCRIPTOR);
    differ(<RRef<[u8]>>::DESCRIPTOR, <RRef<[i8]>>::DESCRIPTOR);
    differ(<Result<(), u8>>::DESCRIPTOR, <Result<(), i8>>::DESCRIPTOR);
    differ(
        <one::Command<u8, 4>>::DESCRIPTOR,
        <one::Command<i8, 4>>::DESCRIPTOR,
    );
    differ(
        <one::Command<u8, 4>>::DESCRIPTOR,
        <one::Command<u8, 5>>::DESCRIPTOR,
    );
    differ(<RRef<RRef<u8>>>::DESCRIPTOR, <RRef<RRef<i8>>>::DESCRIPTOR);
}

#[test]
fn a_type_equals_itself() {
    for ty in [
        one::Point::DESCRIPTOR,
        one::Kind::DESCRIPTOR,
        <one::Command<u64, 3>>::DESCRIPTOR,
        <Result<Option<RRef<[u8]>>, core::num::Wrapping<u8>>>::DESCRIPTOR,
    ] {
        assert_eq!(ty, ty);
        assert_eq!(bytes(ty), bytes(ty));
    }
}

#[test]
fn the_derive_describes_the_real_layout() {
    let Shape::Struct(fields) = one::Point::DESCRIPTOR.shape else {
        panic!("a struct");
    };
    let offsets: Vec<_> = fields
        .iter()
        .map(|field| (field.name, field.offset))
        .collect();
    let x = core::mem::offset_of!(one::Point, x);
    let y = core::mem::offset_of!(one::Point, y);
    assert_eq!(offsets, [("x", Some(x)), ("y", Some(y))]);
    let Shape::Enum { variants, .. } = one::Kind::DESCRIPTOR.shape else {
        panic!("an enum");
    };
    assert_eq!((variants[0].discriminant, variants[1].discriminant), (1, 2));
    let Shape::Enum { variants, .. } = <one::Command<u8, 4>>::DESCRIPTOR.shape else {
        panic!("an enum");
    };
    assert_eq!(
        (variants[1].name, variants[1].fields[1].name),
        ("Named", "both")
    );
    assert_eq!(variants[2].discriminant, 2);
}

/// Two capabilities differ exactly if their texts do, even if the first difference is far behind the start.
///
/// Invariant: DEV-32
#[test]
fn capabilities_differ_by_their_text() {
    fn one(to: &mut dyn fmt::Write) -> fmt::Result {
        (0..1000).try_for_each(|number| write!(to, "{number} "))
    }
    fn the_same_in_other_words(to: &mut dyn fmt::Write) -> fmt::Result {
        (0..500).try_for_each(|half| write!(to, "{} {} ", 2 * half, 2 * half + 1))
    }
    fn at_its_end(to: &mut dyn fmt::Write) -> fmt::Result {
        (0..999).try_for_each(|number| write!(to, "{number} "))?;
        to.write_str("998 ")
    }
    fn shorter(to: &mut dyn fmt::Write) -> fmt::Result {
        (0..999).try_for_each(|number| write!(to, "{number} "))
    }
    let capability = |text| TypeDescriptor::shaped::<u64>("Function", Shape::Capability(text));
    assert_eq!(capability(one), capability(the_same_in_other_words));
    assert_eq!(
        bytes(capability(one)),
        bytes(capability(the_same_in_other_words))
    );
    differ(capability(one), capability(at_its_end));
    differ(capability(one), capability(shorter));
    differ(capability(one), TypeDescriptor::of::<u64>("Function"));
}
