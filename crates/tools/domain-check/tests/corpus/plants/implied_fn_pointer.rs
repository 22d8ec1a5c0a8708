//@ rules: implied-bound
//@ says: fn lend relies on `'b: 'a`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use samara_domain::RRef;
fn lend<'a, 'b>(_: &'a &'b (), object: &'b RRef<u64>) -> &'a RRef<u64> {
    object
}
/// The pointer's type no longer says that the two lifetimes are related. So the returned reference outlives the
/// object.
pub fn keep(lent: &RRef<u64>) -> &'static RRef<u64> {
    let lend: fn(_, &RRef<u64>) -> &'static RRef<u64> = lend;
    lend(&&(), lent)
}
