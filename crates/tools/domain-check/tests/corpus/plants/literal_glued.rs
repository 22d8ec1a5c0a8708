//@ rules: misread, unsafe-attribute, assembly
//@ says: unsafe attribute (naked)
#![no_std]
#![forbid(unsafe_code)]
#![allow(unused_macros)]
// `r`, `#` and a string are printed as the beginning of a raw string.
macro_rules! define { ($name:ident $a:tt $e:tt $x:tt $b:tt $f:tt $y:tt $c:tt) => { macro_rules! $name { () => { $a $b $c } } } }
define!(opens r.x #.y "a");
#[unsafe(naked)]
pub extern "C" fn peek(address: u64) -> u64 {
    core::arch::naked_asm!("mov rax, [rdi]", "ret")
}
// "# } }
