//@ rules: linker-attribute
//@ says: attribute used
#![no_std]
#![forbid(unsafe_code)]
#[used]
static KEPT: u8 = 1;
