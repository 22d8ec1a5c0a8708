//@ rules: unsafe-code
//@ says: unsafe impl of Send
//@ manifest: [dependencies]
//@ manifest: support-macros = { path = "../support-macros" }
#![no_std]
#![forbid(unsafe_code)]
pub struct Pointer(pub *mut u8);
support_macros::sent!(Pointer);
