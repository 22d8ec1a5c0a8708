//@ rules: implied-bound, unsafe-code
//@ says: an impl of Extend relies on `'a: 'b`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use samara_domain::RRef;
trait Same { type Type; }
impl<T> Same for T { type Type = (); }
trait Extend<'a, 'b> { fn extend(self, object: &'a RRef<u64>) -> &'b RRef<u64>; }
impl<'a, 'b> Extend<'a, 'b> for <&'b &'a () as Same>::Type
where
    for<'x, 'y> &'x &'y (): Same,
{
    fn extend(self, object: &'a RRef<u64>) -> &'b RRef<u64> { object }
}
pub fn keep(lent: &RRef<u64>) -> &'static RRef<u64> {
    <() as Extend<'_, '_>>::extend((), lent)
}
