//@ rules: implied-bound, unsafe-code
//@ says: the associated type Proof
//! rust-lang/rust#135246: the bound that proves itself is an equality with the target of a `Deref`.
#![no_std]
#![forbid(unsafe_code)]

use core::ops::Deref;

pub trait Holds<R>: Sized {
    type Proof: Deref<Target = Self>;
}

impl<L, R: Deref> Holds<R> for L {
    type Proof = R where L: Holds<R>, R: Deref<Target = <<L as Holds<R>>::Proof as Deref>::Target>;
}

pub fn transmute<'a, L: Holds<R> + 'a, R: 'a>(x: &'a <<L as Holds<R>>::Proof as Deref>::Target) -> &'a L {
    x
}

pub fn peek(address: &usize) -> &&'static u64 {
    transmute::<&'static u64, &usize>(address)
}
