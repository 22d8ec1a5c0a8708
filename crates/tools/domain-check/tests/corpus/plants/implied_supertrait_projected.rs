//@ rules: implied-bound
//@ says: an impl of Sub relies on `'a: 'b`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use samara_domain::RRef;
trait Keep { type B; }
impl<'b, T> Keep for &'b T { type B = &'b RRef<u64>; }
trait Take { type A; }
impl<T: Copy> Take for &T { type A = T; }
trait Sub<R: Take + Keep>: Sup<<R as Take>::A, <R as Keep>::B> {}
trait Sup<A, B> { fn convert(object: A) -> B; }
type R = RRef<u64>;
pub struct My;
impl<'a: 'b, 'b> Sup<&'a R, &'b R> for My { fn convert(object: &'a R) -> &'b R { object } }
impl<'a, 'b> Sub<&'b &'a R> for My {}
fn sup<'x, 'y, S: for<'a, 'b> Sup<&'a R, &'b R>>(object: &'x R) -> &'y R { S::convert(object) }
fn sub<'x, 'y, S: for<'a, 'b> Sub<&'b &'a R>>(object: &'x R) -> &'y R { sup::<S>(object) }
pub fn keep(lent: &RRef<u64>) -> &'static RRef<u64> { sub::<My>(lent) }
