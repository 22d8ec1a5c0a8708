//@ rules: extern-block
//@ says: unsafe extern block
//@ manifest: [dependencies]
//@ manifest: support-macros = { path = "../support-macros" }
#![no_std]
#![forbid(unsafe_code)]
support_macros::foreign!(abort);
