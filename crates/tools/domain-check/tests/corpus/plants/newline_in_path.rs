//@ rules: outside-file
//@ says: reads a file that is not its own
//@ oddlink: src/a\nplant-newline-in-path/src/lib.rs -> /etc/hostname
#![no_std]
#![forbid(unsafe_code)]
/// `rustc` tells make of it in two lines, of which the second names this file.
pub static SECRET: &[u8] = include_bytes!("a\nplant-newline-in-path/src/lib.rs");
