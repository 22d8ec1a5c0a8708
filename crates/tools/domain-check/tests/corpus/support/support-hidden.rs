#![no_std]
//! Shows its own macros an item that no other crate may name.
pub mod _inner { pub fn peek(_: usize) -> u64 { 0 } pub struct Peeks; impl Peeks { pub fn _peek(&self) -> u64 { 0 } } }
pub fn peeks() -> _inner::Peeks { _inner::Peeks }
#[macro_export] macro_rules! looked { ($a:expr) => { $crate::_inner::peek($a) } }
#[macro_export] macro_rules! named { ($m:ident, $a:expr) => { $crate::$m::peek($a) } }
