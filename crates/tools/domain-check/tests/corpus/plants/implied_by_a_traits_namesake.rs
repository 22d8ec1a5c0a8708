//@ rules: implied-bound
//@ says: relies on
//@ manifest: [dependencies]
//@ manifest: samara-interfaces = { path = "{samara}/crates/api/interfaces" }
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: another crate's trait has the same name as one of the domain's own.
extern crate alloc;
use alloc::boxed::Box;
use samara_interfaces::http::HttpServer;
pub mod decoy { pub trait HttpServer {} }
fn forever<'a>(_: Option<Box<dyn HttpServer + 'a>>, it: &'a u64) -> &'static u64 { it }
pub fn keep(it: &u64) -> &'static u64 {
    let keep: for<'y> fn(Option<Box<dyn HttpServer + 'static>>, &'y u64) -> &'static u64 = forever;
    keep(None, it)
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
