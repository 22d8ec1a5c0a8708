//@ rules: unsafe-code
//@ says: a closure is called with a value that its caller keeps
//@ rustflags: -Copt-level=3
//@ env: CARGO_INCREMENTAL=1
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#155241, where the compiler inlines nothing: a closure is called twice, and gets the value that it
//! has written itself.
pub fn sum() -> u64 {
    let mut sum = 0;
    let mut add = |mut it: [u64; 8]| {
        it[0] += 1;
        sum += it[0];
    };
    add([7; 8]);
    add([7; 8]);
    sum
}
