//! An interface has no associated constants.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    const SIZE: usize;
}

fn main() {}
