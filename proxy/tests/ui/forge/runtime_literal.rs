//! The authority over domains cannot be made from its parts.
//!
//! Invariant: AUTH-8

#![allow(unused)]

use samara_domain_runtime::Runtime;

fn main() {
    let _ = Runtime(());
}
