//@ rules: unsafe-code
//@ says: the associated type Prf
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#135011: the compiler proves bounds of an associated type by these bounds themselves.
pub trait Proof: Sized {
    type Prf<L, R>: Proof<Prf<L, ()> = R>;
    fn transmute<L: Proof, R>(l: L) -> R;
}
impl<T> Proof for T {
    type Prf<L: Proof<Prf<<R::Prf<R, L> as Proof>::Prf<R, ()>, ()> = R>, R: Proof> = L;
    fn transmute<L, R: Proof>(l: L) -> <R::Prf<R, L> as Proof>::Prf<R, ()> { l }
}
pub fn peek(address: usize) -> &'static u64 { <()>::transmute(address) }
