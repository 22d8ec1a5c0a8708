//@ rules: unsafe-code
//@ says: a closure is called with a value that its caller keeps
//@ rustflags: -Copt-level=3
//@ env: CARGO_INCREMENTAL=1
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#155241, without inlining: a closure is called twice, and the second call gets the value to which
//! the first call has written.
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
