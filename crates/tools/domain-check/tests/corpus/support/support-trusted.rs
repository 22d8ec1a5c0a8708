#![no_std]
pub fn authority() {}
