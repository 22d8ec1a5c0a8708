//! A crate with the name of a reviewed one, but from another source.
#![no_std]
