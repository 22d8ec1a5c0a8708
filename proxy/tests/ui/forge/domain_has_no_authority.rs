//! The crate that domains depend on names nothing that spawns or kills.
//!
//! Invariant: AUTH-8

#![allow(unused)]

use samara_domain::{Domain, Export, Runtime};

fn main() {}
