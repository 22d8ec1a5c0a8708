//@ rules: unsafe-code
//@ says: the associated type Prf
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#135011: the compiler proves bounds of an associated type by these bounds themselves.
pub trait Tr<R>: Sized { type Prf: Tr<R, Prf = Self>; }
impl<L, R> Tr<R> for L {
    type Prf = R where L: Tr<R>, R: Tr<R, Prf = <L::Prf as Tr<R>>::Prf>;
}
pub fn transmute<L: Tr<R>, R>(r: L) -> <L::Prf as Tr<R>>::Prf { r }
pub fn peek(address: usize) -> &'static u64 { transmute::<_, &'static u64>(address) }
