//@ rules: forbid-unsafe-code, extern-block
//@ says: unsafe extern block
#![no_std]
#![forbid(clippy::unsafe_code)]
unsafe extern "C" { safe fn abort(); }
/// The search takes the block for the type of a pointer.
pub static ABORT: extern "C" fn() = abort;
