//! Declaring an interface without the macro is `unsafe`.
//!
//! Invariant: AUTH-2

#![allow(unused)]

use samara_domain_runtime::{Interface, InterfaceDescriptor, MayImplement};

struct Tag;

trait Mine: Send + Sync + MayImplement<Tag> {}

impl Interface for dyn Mine {
    type Tag = Tag;
    const NAME: &'static str = "Mine";
    const DESCRIPTOR: InterfaceDescriptor = InterfaceDescriptor {
        name: "Mine",
        methods: &[],
    };
}

fn main() {}
