//@ rules: build-script
//@ says: support-scripted has a build script that was not reviewed
//@ manifest: [dependencies]
//@ manifest: support-scripted = { path = "../support-scripted" }
#![no_std]
#![forbid(unsafe_code)]
