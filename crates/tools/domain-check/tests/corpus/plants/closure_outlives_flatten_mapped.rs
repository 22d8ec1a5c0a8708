//@ rules: implied-bound
//@ says: `flatten` keeps an iterator
#![no_std]
#![forbid(unsafe_code)]
//! No type, trait or function of the domain's own is needed.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Iterator<Item = u64>>> {
    let new = || { let handle: Rc<Cell<Option<&'a u64>>> = Rc::default(); [handle.clone(), handle] };
    let mut all = core::iter::repeat_with(new).flatten();
    all.next()?.set(Some(lent));
    Some(Box::new(all.map(|it| it.get().map_or(0, |it| *it))))
}
