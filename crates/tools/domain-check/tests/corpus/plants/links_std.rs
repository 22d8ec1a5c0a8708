//@ rules: no-std
//@ says: the root lacks #![no_std]
#![forbid(unsafe_code)]
