//@ rules: unsafe-code, implied-bound
//@ says: the associated type Proof
//! rust-lang/rust#135246: the bound that proves itself is an equality with a parameter.
#![no_std]
#![forbid(unsafe_code)]

pub trait Holds<L, R: Iterator>: Sized {
    type Proof: Iterator<Item = L>;
}

impl<L, R: Iterator> Holds<L, R> for () {
    type Proof = R where (): Holds<L, R>, R: Iterator<Item = <<() as Holds<L, R>>::Proof as Iterator>::Item>;
}

pub fn transmute<T: Holds<L, R>, L, R: Iterator>(x: <<T as Holds<L, R>>::Proof as Iterator>::Item) -> L {
    x
}

pub fn peek(address: usize) -> &'static u64 {
    transmute::<(), &'static u64, core::iter::Once<usize>>(address)
}
