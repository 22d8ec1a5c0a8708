//@ rules: implied-bound
//@ says: fn put relies on `'b: 'a`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use samara_domain::RRef;
fn put<'a, 'b>(_: Option<&'a &'b ()>, object: &'b RRef<u64>, kept: &mut Option<&'a RRef<u64>>) {
    *kept = Some(object);
}
pub fn keep(lent: &RRef<u64>) -> Option<&'static RRef<u64>> {
    let mut kept = None;
    let put: fn(Option<&'static &'static ()>, &RRef<u64>, &mut Option<&'static RRef<u64>>) = put;
    put(None, lent, &mut kept);
    kept
}
