//! A trait object is a code address.

#![allow(unused)]

use samara_rref::RRef;
use std::fmt::Debug;

fn take(_: RRef<dyn Debug>) {}

fn main() {}
