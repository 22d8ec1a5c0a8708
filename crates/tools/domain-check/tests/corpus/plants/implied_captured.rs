//@ rules: implied-bound
//@ says: the bound Fn(…) relies on `'b: 'a`
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
use samara_domain::RRef;
type R = RRef<u64>;
fn go<'b>(f: &dyn for<'a> Fn(&'a &'b ()) -> &'a R, unit: &'static &'b (), _: &()) -> &'static R {
    f(unit)
}
pub fn keep<'x>(lent: &'x R) -> &'static R {
    let go: for<'z> fn(&'z dyn for<'a> Fn(&'a &'x ()) -> &'a R, &'static &'static (), &'z ()) -> &'static R = go;
    go(&|_| lent, &&(), &())
}
