//@ rules: unsafe-code
//@ says: trait Claims has a bound that makes an associated type equal
//! rust-lang/rust#135011: a bound is an equality with an associated type of the trait itself.
#![no_std]
#![forbid(unsafe_code)]

pub trait Claims {
    type Left;
    type Claim<T>: Claims<Left = Self::Left>;
}
