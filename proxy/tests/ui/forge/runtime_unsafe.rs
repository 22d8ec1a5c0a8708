//! Claiming to be the host is `unsafe`.
//!
//! Invariant: AUTH-8

#![allow(unused)]

use samara_domain_runtime::Runtime;

fn main() {
    let _ = Runtime::assume_host();
}
