//! A crate that takes the support crate's name, and with it the checks, can lend no more than other crates.
//!
//! Invariant: CROSS-6

#![allow(unused)]
#![forbid(unsafe_code)]

extern crate self as samara_proxy;

mod genuine {
    extern crate samara_proxy as it;
    pub use it::{__private as support, RpcError, interface};
}

pub mod __private {
    pub use crate::genuine::support::*;

    // Asks for nothing.
    pub const fn assert_lend<T: ?Sized>() {}
    pub trait Exchangeable {
        const DESCRIPTOR: TypeDescriptor;
    }
    impl<T: ?Sized> Exchangeable for T {
        const DESCRIPTOR: TypeDescriptor = TypeDescriptor::of::<u8>("anything");
    }
}

use genuine::{RpcError, interface};
use std::sync::Mutex;

#[interface]
trait Service {
    // Private memory of the callee would be left in the caller's vector.
    fn put(&self, list: &Mutex<Vec<Box<u64>>>) -> Result<(), RpcError>;
}

fn main() {}
