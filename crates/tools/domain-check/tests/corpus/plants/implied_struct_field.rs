//@ rules: implied-bound
//@ says: fn lend relies on `'b: 'a`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use samara_domain::RRef;
pub struct Witness<'a, 'b>(core::marker::PhantomData<&'a &'b ()>);
fn lend<'a, 'b>(_: Option<Witness<'a, 'b>>, object: &'b RRef<u64>) -> &'a RRef<u64> {
    object
}
pub fn keep(lent: &RRef<u64>) -> &'static RRef<u64> {
    let lend: fn(Option<Witness<'static, 'static>>, &RRef<u64>) -> &'static RRef<u64> = lend;
    lend(None, lent)
}
