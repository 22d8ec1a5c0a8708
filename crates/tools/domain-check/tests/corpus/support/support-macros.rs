#![no_std]
#[macro_export] macro_rules! poke { ($a:expr) => { unsafe { *($a as *mut u8) = 1 } } }
#[macro_export] macro_rules! exported { ($n:ident) => { #[unsafe(no_mangle)] pub extern "C" fn $n() {} } }
#[macro_export] macro_rules! placed { ($n:ident) => { #[unsafe(link_section = ".text")] pub static $n: [u8; 1] = [0xc3]; } }
#[macro_export] macro_rules! with_std { () => { extern crate std; } }
#[macro_export] macro_rules! name_taken { () => { extern crate alloc as samara_domain; } }
#[macro_export] macro_rules! sent { ($t:ty) => { unsafe impl Send for $t {} } }
#[macro_export] macro_rules! foreign { ($n:ident) => { unsafe extern "C" { pub safe fn $n(); } } }
#[macro_export] macro_rules! assembled { () => { ::core::arch::global_asm!(".globl planted_label", "planted_label:", "ret"); } }
#[macro_export] macro_rules! kept { ($($t:tt)*) => { $($t)* } }
#[macro_export] macro_rules! word { ($w:tt $b:block) => { $w $b } }
#[macro_export] macro_rules! hygienic { ($v:lifetime) => {
    pub fn lend<'a, $v>(_: Option<&'a &$v ()>, v: &$v str) -> &'a str { v }
} }
#[macro_export] macro_rules! unless_told { ($($i:item)*) => { $(#[cfg(not(target_has_atomic))] $i)* } }
pub struct Heap;
unsafe impl core::alloc::GlobalAlloc for Heap {
    unsafe fn alloc(&self, _: core::alloc::Layout) -> *mut u8 { core::ptr::null_mut() }
    unsafe fn dealloc(&self, _: *mut u8, _: core::alloc::Layout) {}
}
