//@ manifest: [features]
//@ manifest: harmful = []
#![no_std]
