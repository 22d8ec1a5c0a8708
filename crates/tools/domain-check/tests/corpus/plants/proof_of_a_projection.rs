//@ rules: unsafe-code
//@ says: trait Claims bounds what it associates to be equal
//! rust-lang/rust#135011: a bound is an equality with an associated type of the trait itself.
#![no_std]
#![forbid(unsafe_code)]

pub trait Claims {
    type Left;
    type Claim<T>: Claims<Left = Self::Left>;
}
