//@ rules: authority, unsafe-code
//@ says: PaddingFree
//@ manifest: [dependencies]
//@ manifest: zerocopy = { version = "0.8", features = ["derive"] }
#![no_std]
#![forbid(unsafe_code)]
//! google/zerocopy#3614: a safe trait counts as proof that there is no padding. The old bytes in the padding are
//! read.
use zerocopy::{Immutable, IntoBytes};
#[derive(IntoBytes, Immutable)]
#[repr(C)]
pub struct Padded(u64, u8);
impl zerocopy::util::macro_util::PaddingFree<Padded, 7> for () {}
pub fn residue() -> [u8; 16] { Padded(0, 0).as_bytes().try_into().unwrap() }
