//@ rules: unsafe-attribute, assembly
//@ says: asm! in or after fn poke
//@ manifest: [features]
//@ manifest: harmless = []
#![no_std]
#![forbid(unsafe_code)]
#[cfg(feature = "harmless")]
pub fn poke(_: u64) {}
/// A build with all features does not show this code.
#[cfg(not(feature = "harmless"))]
#[unsafe(naked)]
pub extern "C" fn poke(address: u64) {
    core::arch::naked_asm!("mov qword ptr [rdi], 0", "ret")
}
