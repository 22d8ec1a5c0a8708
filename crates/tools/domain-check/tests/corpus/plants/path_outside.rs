//@ rules: outside-file
//@ says: reads a file that is not its own
#![no_std]
#![forbid(unsafe_code)]
#[path = "../../support-unreviewed/src/part.rs"]
pub mod part;
