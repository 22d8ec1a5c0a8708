//@ rules: implied-bound
//@ says: fn make relies on `'b: 'a`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use samara_domain::RRef;
fn make<'a, 'b>(_: Option<&'a &'b ()>, _: &()) -> fn(&'b RRef<u64>) -> &'a RRef<u64> {
    |object| object
}
pub fn keep<'x>(lent: &'x RRef<u64>) -> &'static RRef<u64> {
    let make: fn(Option<&'static &'static ()>, &()) -> fn(&'x RRef<u64>) -> &'static RRef<u64> = make;
    make(None, &())(lent)
}
