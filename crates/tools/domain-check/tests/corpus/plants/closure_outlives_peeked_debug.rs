//@ rules: implied-bound
//@ says: `peekable`
#![no_std]
#![forbid(unsafe_code)]
//! No type, trait or function of the domain's own is needed.
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::fmt::Debug;
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Debug>> {
    let mut never = core::iter::repeat_with(|| -> Cell<Option<&'a u64>> { Cell::new(None) }).peekable();
    never.peek()?.set(Some(lent));
    Some(Box::new(never))
}
