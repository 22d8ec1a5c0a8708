//@ rules: implied-bound
//@ says: relies on `'b: 'a`
#![no_std]
#![forbid(unsafe_code)]
//! A bound of the impl's parameter, not of the function's, brings the inner lifetime in.
use core::marker::PhantomData;
pub trait Source { type Out; fn give(&self) -> Self::Out; }
pub struct Wrap<R>(pub R);
impl<R: Copy> Source for Wrap<R> { type Out = R; fn give(&self) -> R { self.0 } }
pub struct Own<S>(PhantomData<S>);
impl<'b, S: Source<Out = &'b u64>> Own<S> {
    fn lend<'a>(_: Option<&'a &'b ()>, source: &S) -> &'a u64 { source.give() }
}
pub fn keep<'x>(lent: &'x u64) -> &'static u64 {
    let lend: fn(Option<&'static &'static ()>, &Wrap<&'x u64>) -> &'static u64 = Own::<Wrap<&'x u64>>::lend;
    lend(None, &Wrap(lent))
}
