//@ rustflags: -Copt-level=2
//! Code that is compiled differently in a release build.
#![no_std]
#![forbid(unsafe_code)]
pub fn checked(a: u8, b: u8) -> u8 {
    debug_assert!(a < b);
    if cfg!(debug_assertions) { b - a } else { b.wrapping_sub(a) }
}
#[cfg(not(debug_assertions))]
pub fn fast(of: &[u8]) -> u32 {
    of.iter().map(|it| u32::from(*it)).sum()
}
