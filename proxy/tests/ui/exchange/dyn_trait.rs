//! A trait object does not cross: it holds addresses of code.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;
use std::fmt::Debug;

fn take(_: RRef<dyn Debug>) {}

fn main() {}
