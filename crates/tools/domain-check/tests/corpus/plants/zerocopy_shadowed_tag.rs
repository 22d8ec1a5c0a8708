//@ rules: authority, reserved-name, unsafe-code, implied-bound
//@ says: the name ___ZerocopyTagPrimitive may be one that macros make up
//@ manifest: [dependencies]
//@ manifest: zerocopy = { version = "0.8", features = ["derive"] }
#![no_std]
#![forbid(unsafe_code)]
#![allow(non_camel_case_types)]
//! The derive's own items hide the domain's of the same names: a field is validated as another type than its own.
use zerocopy::{Immutable, IntoBytes, KnownLayout, TryFromBytes};
pub type ___ZerocopyTagPrimitive = Option<&'static u64>;
#[derive(TryFromBytes, KnownLayout, Immutable)]
#[repr(usize)]
pub enum Forged { At(___ZerocopyTagPrimitive) }
pub fn peek(address: usize) -> u64 {
    match Forged::try_ref_from_bytes([0, address].as_bytes()) { Ok(Forged::At(Some(it))) => **it, _ => 0 }
}
