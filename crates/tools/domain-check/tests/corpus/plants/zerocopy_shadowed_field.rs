//@ rules: authority, reserved-name, unsafe-code
//@ says: the name __Zerocopy_Field_0 may be one that macros make up
//@ manifest: [dependencies]
//@ manifest: zerocopy = { version = "0.8", features = ["derive"] }
#![no_std]
#![forbid(unsafe_code)]
#![allow(non_camel_case_types)]
//! The derive's own items hide the domain's of the same names: a field has another size than the layout says.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};
pub type __Zerocopy_Field_0 = [u8; 4096];
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Window(__Zerocopy_Field_0, u8);
/// Returns four KiB behind a buffer of one byte.
pub fn behind(buffer: &[u8; 1]) -> Option<&[u8]> { Some(Window::ref_from_bytes(buffer).ok()?.as_bytes()) }
/// The same, to write.
pub fn write_behind(buffer: &mut [u8; 1]) -> Option<&mut [u8]> { Some(Window::mut_from_bytes(buffer).ok()?.as_mut_bytes()) }
