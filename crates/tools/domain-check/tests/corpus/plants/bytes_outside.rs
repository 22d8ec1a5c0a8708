//@ rules: outside-file
//@ says: os-release
#![no_std]
#![forbid(unsafe_code)]
pub static SECRET: &[u8] = include_bytes!("/etc/os-release");
