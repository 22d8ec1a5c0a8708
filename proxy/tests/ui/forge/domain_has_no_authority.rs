//! The crate that domains depend on exports nothing that spawns or kills domains.
//!
//! Invariant: AUTH-8

#![allow(unused)]

use samara_domain::{Domain, Export, Runtime};

fn main() {}
