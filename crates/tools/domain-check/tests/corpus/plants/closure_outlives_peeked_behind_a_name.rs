//@ rules: implied-bound
//@ says: peekable
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: as closure_outlives_peeked_cell, in an expression that is compared with a variable. The
//! variable has the name by which macros are defined.
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
pub trait Show { fn show(&mut self) -> u64; }
impl<I: Iterator> Show for core::iter::Peekable<I> where I::Item: Slot {
    fn show(&mut self) -> u64 { let mut out = 0; let macro_rules = 0_u8; let _ = macro_rules != { out = self.peek().map_or(0, |it| it.read()); 1 }; out }
}
pub trait Slot { fn read(&self) -> u64; }
impl Slot for Cell<Option<&u64>> { fn read(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let mut out: Option<Box<dyn Show>> = None;
    let macro_rules = 0_u8;
    let _ = macro_rules != {
        let mut never = core::iter::repeat_with(|| -> Cell<Option<&'a u64>> { Cell::new(None) }).peekable();
        never.peek()?.set(Some(lent));
        out = Some(Box::new(never)); 1
    };
    out
}
