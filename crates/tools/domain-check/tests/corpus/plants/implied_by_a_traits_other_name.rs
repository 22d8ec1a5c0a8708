//@ rules: implied-bound
//@ says: relies on
//@ manifest: [dependencies]
//@ manifest: samara-interfaces = { path = "{samara}/crates/api/interfaces" }
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: another crate's trait is renamed, and one of the domain's own has its original name.
extern crate alloc;
use alloc::boxed::Box;
use samara_interfaces::http::HttpServer as Server;
pub mod decoy { pub trait HttpServer {} }
fn forever<'a>(_: Option<Box<dyn Server + 'a>>, it: &'a u64) -> &'static u64 { it }
pub fn keep(it: &u64) -> &'static u64 {
    let keep: for<'y> fn(Option<Box<dyn Server + 'static>>, &'y u64) -> &'static u64 = forever;
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
