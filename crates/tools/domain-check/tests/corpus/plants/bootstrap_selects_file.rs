//@ rules: environment, unsafe-attribute, assembly
//@ says: RUSTC_BOOTSTRAP
//@ env: RUSTC_BOOTSTRAP=other
#![no_std]
#![forbid(unsafe_code)]
include!(concat!(env!("RUSTC_BOOTSTRAP"), ".rs"));
//@ file: src/other.rs
#[unsafe(naked)]
pub extern "C" fn peek(address: u64) -> u64 { core::arch::naked_asm!("mov rax, [rdi]", "ret") }
//@ file: src/plant_bootstrap_selects_file.rs
pub fn peek() {}
