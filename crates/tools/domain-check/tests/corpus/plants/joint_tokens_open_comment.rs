//@ rules: misread, unsafe-attribute, assembly
//@ says: unsafe attribute (naked)
#![no_std]
#![forbid(unsafe_code)]
#![allow(unused_macros)]
// In the source `/` and `*` touch the next token. So the compiler prints no space after them in the code to which a
// macro moves them.
macro_rules! define { ($name:ident $a:tt $between:tt $b:tt) => { macro_rules! $name { () => { $a $b } } } }
define!(opens /x *);
#[unsafe(naked)]
pub extern "C" fn peek(address: u64) -> u64 {
    core::arch::naked_asm!("mov rax, [rdi]", "ret")
}
define!(closes *x /);
