//@ rules: unsafe-code
//@ says: compares by `ptr_eq`
//! Compares two addresses.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::sync::Arc;

pub fn same(all: &[(Arc<u8>, Arc<u8>)]) -> bool {
    let same: fn(&Arc<u8>, &Arc<u8>) -> bool = Arc::ptr_eq;
    all.iter().all(|(one, other)| same(one, other))
}
