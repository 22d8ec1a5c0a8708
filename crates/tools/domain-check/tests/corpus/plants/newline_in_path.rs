//@ rules: outside-file
//@ says: reads a file that is not its own
//@ oddlink: src/a\nplant-newline-in-path/src/lib.rs -> /etc/hostname
#![no_std]
#![forbid(unsafe_code)]
/// For make, `rustc` writes the name of the included file in two lines, of which the second is the name of this file.
pub static SECRET: &[u8] = include_bytes!("a\nplant-newline-in-path/src/lib.rs");
