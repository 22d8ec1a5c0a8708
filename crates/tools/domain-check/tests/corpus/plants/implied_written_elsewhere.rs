//@ rules: implied-bound
//@ says: relies
#![no_std]
#![forbid(unsafe_code)]
/// The function pointer gets its signature from a bound with a binder, by a trait that stands for a function trait.
pub trait Call<W, V, K>: FnOnce(W, V, K) {}
impl<W, V, K, F: FnOnce(W, V, K)> Call<W, V, K> for F {}
fn signed<F>(f: F) -> F where for<'a, 'b, 'c> F: Call<Option<&'a &'b ()>, &'b u64, &'c mut Option<&'a u64>> { f }
pub fn keep(lent: &u64) -> &'static u64 {
    let put = signed(|_, v, kept| *kept = Some(v));
    let put: fn(Option<&'static &'static ()>, &u64, &mut Option<&'static u64>) = put;
    let mut kept = None;
    put(None, lent, &mut kept);
    kept.unwrap()
}
