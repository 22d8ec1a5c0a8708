//@ rules: implied-bound
//@ says: relies
#![no_std]
#![forbid(unsafe_code)]
use core::ops::Fn as Call;
/// This bound is not recognised as a bound by a function trait, since the trait has another name and the bound has no
/// result.
fn signed<F: for<'a, 'b> Call(Option<&'a &'b ()>, &'b u64, &mut Option<&'a u64>)>(f: F) -> F { f }
pub fn keep(lent: &u64) -> &'static u64 {
    let put = signed(|_, v, kept| *kept = Some(v));
    let put: fn(Option<&'static &'static ()>, &u64, &mut Option<&'static u64>) = put;
    let mut kept = None;
    put(None, lent, &mut kept);
    kept.unwrap()
}
