//@ rules: compiler-flag
//@ says: -C target-feature=+avx2
//@ rustflags: -Ctarget-feature=+avx2
#![no_std]
#![forbid(unsafe_code)]
