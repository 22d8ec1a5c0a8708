//@ rules: unsafe-code
//@ says: shows by `Debug` a value that contains an address
//! The `Debug` impls of the standard library show addresses.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
pub fn text(it: &mut [u8]) -> alloc::string::String { alloc::format!("{:?}{:?}{:?}", it.chunks_exact_mut(2), 1, 2) }
pub fn other(it: &mut [u8]) -> alloc::string::String { alloc::format!("{:?}", it.rchunks_mut(2)) }
pub fn third(it: &core::task::Context<'_>) -> alloc::string::String { alloc::format!("{:?}", it.waker()) }
pub fn first(it: &mut [u8]) -> alloc::string::String { alloc::format!("{:?}", it.chunks_mut(2)) }
pub fn freed() -> u64 { let mut it = [1_u8; 4]; assert!(first(&mut it).contains("0x")); assert!(text(&mut it).contains("0x")); assert!(other(&mut it).contains("0x")); assert!(third(&core::task::Context::from_waker(core::task::Waker::noop())).contains("0x")); 0 }
