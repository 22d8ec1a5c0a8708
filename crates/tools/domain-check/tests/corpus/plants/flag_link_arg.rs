//@ rules: compiler-flag
//@ says: -C link-arg=-Wl,--defsym=planted=0
//@ rustflags: -C link-arg=-Wl,--defsym=planted=0
#![no_std]
#![forbid(unsafe_code)]
