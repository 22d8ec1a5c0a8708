//@ rules: authority, unsafe-code, implied-bound
//@ says: names zerocopy in its manifest, which is not meant for domains
//@ manifest: [dependencies]
//@ manifest: zerocopy = { version = "0.8", features = ["derive"] }
#![no_std]
#![forbid(unsafe_code)]
//! google/zerocopy#3619: the enum that the derive generates has other discriminants than the domain's enum, because
//! `Self` means the generated enum there.
use zerocopy::{Immutable, KnownLayout, TryFromBytes};
trait Tagged { const TAG: u8 = 0; }
impl<T> Tagged for T {}
#[derive(TryFromBytes, KnownLayout, Immutable)]
#[repr(u8)]
pub enum Packet { Flag(bool) = Self::TAG, Raw(u8) = 1 - Self::TAG }
impl Packet { const TAG: u8 = 1; }
/// Returns a `bool` of any value.
pub fn neither(value: u8) -> Option<bool> {
    match Packet::try_ref_from_bytes(&[1, value]) { Ok(Packet::Flag(flag)) => Some(*flag), _ => None }
}
