//! A crate that takes the name of `core` gets none of its unsafe functions called by the code that `#[interface]`
//! generates.
//!
//! Invariant: AUTH-3

#![allow(unused, non_snake_case)]
#![forbid(unsafe_code)]

extern crate self as core;

pub use std::{clone, marker};

// What the arguments of a retry are wrapped in.
pub mod result {
    pub mod Result {
        pub fn Ok<T>(_: T) -> &'static [usize; 4] {
            &[0x1000; 4]
        }
    }
}

pub mod option {
    pub mod Option {
        pub use std::mem::transmute_copy as Some;
    }
}

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    #[idempotent]
    fn add(&self, number: u64) -> Result<(), RpcError>;
}

fn main() {}
