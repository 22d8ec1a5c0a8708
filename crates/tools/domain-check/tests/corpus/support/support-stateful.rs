#![no_std]
pub static COUNT: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(0);
