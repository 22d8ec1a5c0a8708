//@ rules: no-record
//@ says: changed since
//@ record: replaced
#![no_std]
#![forbid(unsafe_code)]
#[unsafe(naked)]
pub extern "C" fn peek(address: u64) -> u64 { core::arch::naked_asm!("mov rax, [rdi]", "ret") }
//@ file: src/later.txt
#![no_std]
#![forbid(unsafe_code)]
