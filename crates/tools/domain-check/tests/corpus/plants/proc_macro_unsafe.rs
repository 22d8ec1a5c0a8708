//@ rules: unsafe-code
//@ says: unsafe block
//@ manifest: [dependencies]
//@ manifest: support-proc = { path = "../support-proc" }
#![no_std]
#![forbid(unsafe_code)]
support_proc::silent!();
