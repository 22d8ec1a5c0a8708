//@ rules: implied-bound
//@ says: fn lend relies on `'b: 'a`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use samara_domain::RRef;
pub struct Lent<'b>(&'b RRef<u64>);
impl<'b> Lent<'b> {
    fn lend<'a>(_: Option<&'a Self>, lent: Self, _: &()) -> &'a RRef<u64> {
        lent.0
    }
}
pub fn keep<'x>(lent: &'x RRef<u64>) -> &'static RRef<u64> {
    let lend: fn(Option<&'static Lent<'static>>, Lent<'x>, &()) -> &'static RRef<u64> = Lent::<'x>::lend;
    lend(None, Lent(lent), &())
}
