//@ rules: linker-attribute
//@ says: attribute panic_handler
#![no_std]
#![forbid(unsafe_code)]
#[r#panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }
