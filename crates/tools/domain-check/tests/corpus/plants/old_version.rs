//@ rules: crate-source
//@ says: spin
//@ manifest: [dependencies]
//@ manifest: spin = "=0.5.0"
#![no_std]
#![forbid(unsafe_code)]
//! RUSTSEC-2019-0013: the locks of this version do not exclude each other on weakly ordered machines.
pub static WRITTEN: fn() -> u8 = || *spin::RwLock::new(1).read();
