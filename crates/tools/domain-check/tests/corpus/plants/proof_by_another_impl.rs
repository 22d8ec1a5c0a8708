//@ rules: unsafe-code
//@ says: associates a type that is projected
//! rust-lang/rust#135011: two impls prove their bounds by each other, with parameters alone.
#![no_std]
#![forbid(unsafe_code)]

pub trait Is<T> {
    type Type;
}

impl<S, T> Is<T> for S {
    type Type = T;
}

pub trait Equal<L, R>: Claims<L, R> {
    type Proof: Is<R, Type = L>;
}

pub trait Claims<L, R> {
    type Claim: Equal<L, R>;
}

impl<P: Claims<L, R>, L, R> Equal<L, R> for P {
    type Proof = <P::Claim as Equal<L, R>>::Proof;
}

pub struct Liar;

impl<L, R> Claims<L, R> for Liar {
    type Claim = Liar;
}

pub fn from<R, P>(x: <P as Is<R>>::Type) -> R {
    x
}

pub fn transmute<L, R, P: Equal<L, R>>(x: L) -> R {
    from::<R, P::Proof>(x)
}
