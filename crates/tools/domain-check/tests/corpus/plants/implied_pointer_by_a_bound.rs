//@ rules: implied-bound
//@ says: a function pointer relies on `'b: 'a`
#![no_std]
#![forbid(unsafe_code)]
//! A bound of the function around the pointer brings the inner lifetime in.

pub trait Source { type Out; fn give(&self) -> Self::Out; }
pub struct Wrap<R>(pub R);
impl<R: Copy> Source for Wrap<R> { type Out = R; fn give(&self) -> R { self.0 } }
pub fn go<'b, S: Source<Out = &'b u64>>(s: &S) -> &'static u64 {
    let lend: for<'a> fn(Option<&'a &'b ()>, &S) -> &'a u64 = |_, s| s.give();
    let lend: fn(Option<&'static &'static ()>, &S) -> &'static u64 = lend;
    lend(None, s)
}
