//@ rules: outside-file
//@ says: reads a file that is not its own
#![no_std]
#![forbid(unsafe_code)]
include!("../../support-unreviewed/src/part.rs");
