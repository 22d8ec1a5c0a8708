//@ rules: implied-bound
//@ says: has a default
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use samara_domain::RRef;
trait Sub<'a, 'b, R = &'b &'a ()>: Sup<'a, 'b> {}
trait Sup<'a, 'b> { fn convert(object: &'a RRef<u64>) -> &'b RRef<u64>; }
pub struct My;
impl<'a: 'b, 'b> Sup<'a, 'b> for My {
    fn convert(object: &'a RRef<u64>) -> &'b RRef<u64> { object }
}
impl<'a, 'b> Sub<'a, 'b> for My {}
fn sup<'x, 'y, S: for<'a, 'b> Sup<'a, 'b>>(object: &'x RRef<u64>) -> &'y RRef<u64> { S::convert(object) }
fn sub<'x, 'y, S: for<'a, 'b> Sub<'a, 'b>>(object: &'x RRef<u64>) -> &'y RRef<u64> { sup::<S>(object) }
pub fn keep(lent: &RRef<u64>) -> &'static RRef<u64> { sub::<My>(lent) }
