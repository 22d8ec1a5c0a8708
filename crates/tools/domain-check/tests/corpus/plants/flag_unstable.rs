//@ rules: compiler-flag, unstable
//@ says: -Zmutable-noalias=no
//@ rustflags: -Zmutable-noalias=no
//@ env: RUSTC_BOOTSTRAP=1
#![no_std]
#![forbid(unsafe_code)]
