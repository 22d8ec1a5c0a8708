//@ rules: unsafe-attribute, assembly
//@ says: unsafe attribute (naked) in or after fn peek
#![no_std]
#![forbid(unsafe_code)]
/// The lint does not know this attribute: a safe function reads any address.
#[unsafe(naked)]
pub extern "C" fn peek(address: u64) -> u64 {
    core::arch::naked_asm!("mov rax, [rdi]", "ret")
}
