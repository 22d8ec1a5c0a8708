//@ rules: unsafe-code
//@ says: associates a type that is projected
//! rust-lang/rust#135011: the trait with the equality is in an argument of `format_args!`, which stays a macro after
//! expansion.
#![no_std]
#![forbid(unsafe_code)]

pub fn peek(address: usize) -> u64 {
    let found = address as u64;
    let _ = format_args!("{}", {
        trait Is<T> {
            type Type;
        }
        impl<S, T> Is<T> for S {
            type Type = T;
        }
        trait Equal<L, R>: Claims<L, R> {
            type Proof: Is<R, Type = L>;
        }
        trait Claims<L, R> {
            type Claim: Equal<L, R>;
        }
        impl<P: Claims<L, R>, L, R> Equal<L, R> for P {
            type Proof = <P::Claim as Equal<L, R>>::Proof;
        }
        struct Liar;
        impl<L, R> Claims<L, R> for Liar {
            type Claim = Liar;
        }
        fn from<R, P>(x: <P as Is<R>>::Type) -> R {
            x
        }
        fn transmute<L, R, P: Equal<L, R>>(x: L) -> R {
            from::<R, P::Proof>(x)
        }
        1
    });
    found
}
