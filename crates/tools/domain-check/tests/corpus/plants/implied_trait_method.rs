//@ rules: implied-bound
//@ says: fn lend relies on `'b: 'a`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use samara_domain::RRef;
trait Lend<'a> {
    fn lend<'b>(_: Option<&'a &'b ()>, object: &'b RRef<u64>) -> &'a RRef<u64>;
}
impl<'a> Lend<'a> for () {
    fn lend<'b>(_: Option<&'a &'b ()>, object: &'b RRef<u64>) -> &'a RRef<u64> {
        object
    }
}
pub fn keep(lent: &RRef<u64>) -> &'static RRef<u64> {
    let lend: fn(Option<&'static &'static ()>, &RRef<u64>) -> &'static RRef<u64> = <() as Lend<'static>>::lend;
    lend(None, lent)
}
