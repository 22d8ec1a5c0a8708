//! Not the crate that was reviewed.
#![no_std]
