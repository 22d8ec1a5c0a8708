//@ rules: build-script, cfg, unsafe-attribute, assembly
//@ says: --cfg hidden
#![no_std]
#![forbid(unsafe_code)]
#[cfg(hidden)]
#[unsafe(naked)]
pub extern "C" fn peek(address: u64) -> u64 { core::arch::naked_asm!("mov rax, [rdi]", "ret") }
//@ file: build.rs
fn main() { println!("cargo::rustc-check-cfg=cfg(hidden)\ncargo::rustc-cfg=hidden"); }
