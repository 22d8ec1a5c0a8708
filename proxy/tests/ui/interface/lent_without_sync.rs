//! A lent value is `Sync`, because two domains may read it at the same time.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::{Cap, Capability, RRef};
use std::cell::Cell;

struct Line(Cell<u8>);

// SAFETY: plain data.
unsafe impl Capability for Line {
    const NAME: &'static str = "Line";
}

#[interface]
trait Service {
    fn call(&self, line: &RRef<Cap<Line>>) -> Result<(), RpcError>;
}

fn main() {}
