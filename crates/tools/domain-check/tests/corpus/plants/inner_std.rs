//@ rules: no-std
//@ says: extern crate std
#![no_std]
#![forbid(unsafe_code)]
pub mod inner { extern crate r#std; }
