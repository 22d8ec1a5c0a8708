//@ rules: assembly, cfg, unsafe-code
//@ says: the condition target_has_atomic may have other values
#![no_std]
#![forbid(unsafe_code)]
//! Machine code that no check sees. The keyword is an argument of a macro, and the assembly macro is imported under
//! another name. The code that is expanded for the checks has a condition that the build does not have.
use core::arch::naked_asm as body;
macro_rules! function {
    ($word:tt) => { #[$word(naked)] pub extern "C" fn peek(address: u64) -> u64 { body!("mov rax, [rdi]", "ret") } };
}
#[cfg(not(target_has_atomic))]
function!(unsafe);
