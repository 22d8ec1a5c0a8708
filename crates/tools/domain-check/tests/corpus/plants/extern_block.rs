//@ rules: extern-block, forbid-unsafe-code
//@ says: extern block
//@ edition: 2021
#![no_std]
extern "C" { pub fn abort(); }
