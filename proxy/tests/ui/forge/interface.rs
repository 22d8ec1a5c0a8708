//! To declare an interface without the macro is `unsafe`.

#![allow(unused)]

use samara_domain_runtime::{Interface, InterfaceDescriptor};

trait Mine: Send + Sync {}

impl Interface for dyn Mine {
    const NAME: &'static str = "Mine";
    const DESCRIPTOR: InterfaceDescriptor = InterfaceDescriptor {
        name: "Mine",
        methods: &[],
    };
}

fn main() {}
