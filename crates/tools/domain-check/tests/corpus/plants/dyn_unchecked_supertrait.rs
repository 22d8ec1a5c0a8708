//@ rules: unsafe-code
//@ says: dyn Sub
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#152607: the bounds of a supertrait's associated type are not checked for a trait object.
use samara_domain::RRef;
pub trait Super { type Assoc; }
pub trait Sub: Super<Assoc: Copy> {}
fn copy<T: Sub<Assoc = RRef<u64>> + ?Sized>(it: &RRef<u64>) -> RRef<u64> { *it }
pub fn twice(lent: &RRef<u64>) -> RRef<u64> { copy::<dyn Sub<Assoc = RRef<u64>>>(lent) }
