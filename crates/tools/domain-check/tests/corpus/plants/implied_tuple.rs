//@ rules: implied-bound
//@ says: fn lend relies on `'b: 'a`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use samara_domain::RRef;
fn lend<'a, 'b>(pair: (Option<&'a &'b ()>, &'b RRef<u64>)) -> &'a RRef<u64> {
    pair.1
}
pub fn keep(lent: &RRef<u64>) -> &'static RRef<u64> {
    let lend: fn((Option<&'static &'static ()>, &RRef<u64>)) -> &'static RRef<u64> = lend;
    lend((None, lent))
}
