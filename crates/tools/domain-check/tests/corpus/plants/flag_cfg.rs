//@ rules: cfg, unsafe-attribute, assembly
//@ says: --cfg shipped
//@ rustflags: --cfg shipped
#![no_std]
#![forbid(unsafe_code)]
#![allow(unexpected_cfgs)]
#[cfg(shipped)]
#[unsafe(naked)]
pub extern "C" fn peek(address: u64) -> u64 { core::arch::naked_asm!("mov rax, [rdi]", "ret") }
