//@ rules: implied-bound
//@ says: fn lend relies on `'b: 'a`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
use samara_domain::RRef;
pub struct Pair<A, B>(Option<A>, B);
type Harmless<'a, 'b> = Pair<&'a &'b (), &'b RRef<u64>>;
fn lend<'a, 'b>(pair: Harmless<'a, 'b>) -> &'a RRef<u64> {
    pair.1
}
pub fn keep(lent: &RRef<u64>) -> &'static RRef<u64> {
    let lend: fn(Pair<&'static &'static (), &RRef<u64>>) -> &'static RRef<u64> = lend;
    lend(Pair(None, lent))
}
