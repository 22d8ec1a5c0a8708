//@ rules: implied-bound
//@ says: fn keep relies on `T: 'a`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use samara_domain::RRef;
pub trait Number { fn number(&self) -> u64; }
impl Number for &RRef<u64> { fn number(&self) -> u64 { ***self } }
fn keep<'a, T: Number>(_: Option<&'a T>, value: T, _: &()) -> Box<dyn Number + 'a> {
    Box::new(value)
}
pub fn forever<'x>(lent: &'x RRef<u64>) -> Box<dyn Number> {
    let keep: fn(Option<&'static &'static RRef<u64>>, &'x RRef<u64>, &()) -> Box<dyn Number> = keep::<&'x RRef<u64>>;
    keep(None, lent, &())
}
