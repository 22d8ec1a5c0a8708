//@ rules: writable-static
//@ says: COUNT
#![no_std]
#![forbid(unsafe_code)]
pub fn next() -> u32 {
    use core::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}
