//! To be the host is an `unsafe` claim.

#![allow(unused)]

use samara_domain_runtime::Runtime;

fn main() {
    let _ = Runtime::assume_host();
}
