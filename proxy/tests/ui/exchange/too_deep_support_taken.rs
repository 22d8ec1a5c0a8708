//! A crate that takes the support crate's name replaces the function that measures nesting. Its values still cannot
//! nest more deeply.
//!
//! Invariant: ORDER-31

#![forbid(unsafe_code)]

extern crate self as samara_rref;

mod genuine {
    extern crate samara_rref as it;
    pub use it::{__private as support, Exchangeable, RRef};
}

pub mod __private {
    pub use crate::genuine::support::*;

    // As if nothing nested.
    pub const fn max_depth(_: &[usize]) -> usize {
        0
    }
}

use genuine::{Exchangeable, RRef};
use samara_host_std as _;

macro_rules! nest {
    ($last:ident) => {
        #[derive(Exchangeable)]
        struct $last(RRef<u8>);
    };
    ($outer:ident $inner:ident $($rest:ident)*) => {
        #[derive(Exchangeable)]
        struct $outer($inner);
        nest!($inner $($rest)*);
    };
}
nest!(A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 B0 B1 B2 B3 B4 B5 B6 B7 B8 B9 C0 C1 C2 C3 C4 C5 C6 C7 C8 C9
    D0 D1 D2 D3 D4 D5 D6 D7 D8 D9 E0 E1 E2 E3 E4 E5 E6 E7 E8 E9);

fn put(deep: A0) -> RRef<A0> {
    RRef::new(deep)
}

fn main() {
    let put: fn(A0) -> RRef<A0> = put;
    std::hint::black_box(put);
}
