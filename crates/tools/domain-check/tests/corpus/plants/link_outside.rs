//@ rules: outside-file
//@ says: src/part.rs: 
//@ link: src/part.rs -> ../../support-unreviewed/src/part.rs
#![no_std]
#![forbid(unsafe_code)]
pub mod part;
