//@ rules: authority, outside-file
//@ says: hidden.txt", whose name does not end in .rs
//@ manifest: [dependencies]
//@ manifest: zerocopy = { version = "0.8", features = ["derive"] }
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
// The source contains no `path =`, so the module's file is not recognised as source code.
macro_rules! module { ($kind:ident $file:literal) => { #[$kind = $file] pub mod hidden; } }
module!(path "hidden.txt");
//@ file: src/hidden.txt
use alloc::vec::Vec;
use core::cell::Cell;
use zerocopy::{pointer::{Ptr, invariant::{Read, Safe, Shared}}};
pub enum Reason {}
impl Read<Shared, Reason> for Cell<Vec<u8>> {}
impl Read<Shared, Reason> for Vec<u8> {}
pub fn dangling(cell: &Cell<Vec<u8>>) -> u8 {
    let inner = Ptr::from_ref(cell).transmute::<Vec<u8>, Safe, (_, (_, Reason))>();
    let inner: &Vec<u8> = inner.try_into_aligned().ok().unwrap().as_ref();
    let bytes = &inner[..];
    cell.set(Vec::new());
    bytes[0]
}
