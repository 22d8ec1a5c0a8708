#![no_std]
pub fn anything() {}
//@ file: src/part.rs
pub fn from_elsewhere() {}
