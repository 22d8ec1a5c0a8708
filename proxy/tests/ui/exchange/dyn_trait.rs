//! A trait object is a code address.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;
use std::fmt::Debug;

fn take(_: RRef<dyn Debug>) {}

fn main() {}
