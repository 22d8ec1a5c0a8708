//! An interface has methods only.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    type Data;
}

fn main() {}
