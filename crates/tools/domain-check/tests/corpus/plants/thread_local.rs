//@ rules: unstable, writable-static
//@ says: attribute thread_local
//@ env: RUSTC_BOOTSTRAP=plant_thread_local
#![no_std]
#![forbid(unsafe_code)]
#![feature(thread_local)]
#[thread_local]
pub static COUNT: core::cell::Cell<u32> = core::cell::Cell::new(1);
