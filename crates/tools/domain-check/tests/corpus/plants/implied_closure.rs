//@ rules: implied-bound
//@ says: a function pointer relies on `'b: 'a`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use samara_domain::RRef;
pub fn keep(lent: &RRef<u64>) -> &'static RRef<u64> {
    let lend: for<'a, 'b> fn(Option<&'a &'b ()>, &'b RRef<u64>) -> &'a RRef<u64> = |_, object| object;
    let longer: fn(Option<&'static &'static ()>, &RRef<u64>) -> &'static RRef<u64> = lend;
    longer(None, lent)
}
