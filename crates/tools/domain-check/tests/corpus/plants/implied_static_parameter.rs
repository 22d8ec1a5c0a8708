//@ rules: implied-bound
//@ says: fn lend relies on `'b: 'static`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use samara_domain::RRef;
pub struct Witness<T: 'static>(core::marker::PhantomData<T>);
use Witness as Harmless;
fn lend<'b>(_: Option<Harmless<&'b ()>>, object: &'b RRef<u64>) -> &'static RRef<u64> {
    object
}
pub fn keep(lent: &RRef<u64>) -> &'static RRef<u64> {
    let lend: fn(Option<Witness<&'static ()>>, &RRef<u64>) -> &'static RRef<u64> = lend;
    lend(None, lent)
}
