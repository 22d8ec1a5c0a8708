//@ rules: extern-block
//@ says: unsafe extern block
//@ manifest: [dependencies]
//@ manifest: support-macros = { path = "../support-macros" }
#![no_std]
#![forbid(unsafe_code)]
support_macros::foreign!(abort);
/// The search takes the block for the type of a pointer.
pub static ABORT: extern "C" fn() = abort;
