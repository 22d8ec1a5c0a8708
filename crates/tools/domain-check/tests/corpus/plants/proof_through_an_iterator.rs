//@ rules: unsafe-code, implied-bound
//@ says: the associated type Proof
//! rust-lang/rust#135246: the bound that proves itself is an equality with the item of an iterator.
#![no_std]
#![forbid(unsafe_code)]

pub trait Holds<R>: Sized {
    type Proof: Iterator<Item = Self>;
}

impl<L, R: Iterator> Holds<R> for L {
    type Proof = R where L: Holds<R>, R: Iterator<Item = <<L as Holds<R>>::Proof as Iterator>::Item>;
}

pub fn transmute<L: Holds<R>, R>(x: <<L as Holds<R>>::Proof as Iterator>::Item) -> L {
    x
}

pub fn peek(address: usize) -> &'static u64 {
    transmute::<&'static u64, core::iter::Once<usize>>(address)
}
