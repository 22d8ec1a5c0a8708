//@ rules: unsafe-code
//@ says: the associated type Proof
//! rust-lang/rust#135011: the clause is a bound of the associated type's parameter.
#![no_std]
#![forbid(unsafe_code)]

pub trait Holds: Sized {
    type Proof<R>: Holds<Proof<R> = R>;
}

impl<T> Holds for T {
    type Proof<R: Holds<Proof<R> = R>> = R;
}
