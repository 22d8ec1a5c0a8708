//@ rules: authority, unsafe-code
//@ says: the word Ptr names a part of zerocopy
//@ manifest: [dependencies]
//@ manifest: zerocopy = { version = "0.8", features = ["derive"] }
#![no_std]
#![forbid(unsafe_code)]
//! A text file is included as code, by a macro that is imported under another name.
use core::include as text;
text!("hidden.txt");
//@ file: src/hidden.txt
pub type Pointer<'a> = zerocopy::Ptr<'a, u8, (zerocopy::pointer::invariant::Shared, zerocopy::pointer::invariant::Aligned, zerocopy::pointer::invariant::Safe)>;
