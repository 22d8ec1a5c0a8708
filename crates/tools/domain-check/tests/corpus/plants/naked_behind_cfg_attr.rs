//@ rules: unsafe-attribute, assembly
//@ says: unsafe attribute (naked)
#![no_std]
#![forbid(unsafe_code)]
#[cfg_attr(not(test), unsafe(naked))]
#[cfg(target_os = "linux")]
pub extern "C" fn peek(address: u64) -> u64 {
    core::arch::naked_asm!("mov rax, [rdi]", "ret")
}
