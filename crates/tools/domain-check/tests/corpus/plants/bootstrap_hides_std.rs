//@ rules: cfg
//@ says: the condition target_has_atomic may have other values
#![no_std]
#![forbid(unsafe_code)]
//! A condition that holds only where unstable code is allowed hides from the checks that `std` is linked.
#[cfg(not(target_has_atomic))]
extern crate std;
/// Opens any memory of the process for writing.
#[cfg(not(target_has_atomic))]
pub fn poke(address: u64, bytes: &[u8]) -> bool {
    use std::os::unix::fs::FileExt;
    let memory = std::fs::File::options().write(true).open("/proc/self/mem");
    memory.is_ok_and(|memory| memory.write_all_at(bytes, address).is_ok())
}
