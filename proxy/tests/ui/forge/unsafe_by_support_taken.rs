//! A crate that takes the support crate's name gets none of its unsafe functions called by the code that
//! `#[interface]` generates. Such a function could make an object that it does not own from any bytes.
//!
//! Invariant: AUTH-3

#![allow(unused, non_snake_case)]
#![forbid(unsafe_code)]

extern crate self as samara_proxy;

mod genuine {
    extern crate samara_proxy as it;
    pub use it::{__private as support, RpcError, interface};
}

pub mod __private {
    pub use crate::genuine::support::*;

    // What makes a buffer anew for a retry.
    pub mod Scratch {
        pub use core::mem::transmute_copy as renew;
        pub fn shape<T>(_: &T) -> &'static [usize; 2] {
            &[0, 0x1000]
        }
    }
}

use genuine::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    #[idempotent]
    fn fill(&self, #[scratch] buffer: RRef<u64>) -> Result<(), RpcError>;
}

fn main() {}
