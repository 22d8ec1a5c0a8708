//@ rules: implied-bound
//@ says: relies
#![no_std]
#![forbid(unsafe_code)]
/// Closures take their signature from the supertrait of this trait, in which no lifetime is written.
pub trait Call<A, B, C>: Fn(A, B, C) {}
impl<A, B, C, F: Fn(A, B, C)> Call<A, B, C> for F {}
fn signed<F: for<'a, 'b, 'c> Call<Option<&'a &'b ()>, &'b u64, &'c mut Option<&'a u64>>>(f: F) -> F { f }
pub fn keep(lent: &u64) -> &'static u64 {
    let put = signed(|_, v, kept| *kept = Some(v));
    let put: fn(Option<&'static &'static ()>, &u64, &mut Option<&'static u64>) = put;
    let mut kept = None;
    put(None, lent, &mut kept);
    kept.unwrap()
}
