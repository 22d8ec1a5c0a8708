//@ rules: unsafe-code
//@ says: an index hands `rows` to a function or a pattern
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#160525: as index_moves, by a match in the index, whose pattern moves a part of the indexed value.
extern crate alloc;
use alloc::boxed::Box;
pub fn read_freed() -> u64 {
    let mut rows = [[Box::new(42_u64)]];
    let word = &mut rows[0][(match rows { [_row] => false }) as usize];
    let other = Box::new(0xdead_u64);
    let seen = **word;
    drop(other);
    seen
}
#[inline(never)]
pub fn write_freed() -> (u64, u64) {
    let mut rows = [[Box::new(42_u64)]];
    let word = &mut rows[0][(match rows { [_row] => false }) as usize];
    let other = core::hint::black_box(Box::new(0xdead_u64));
    let before = *core::hint::black_box(&*other);
    **word = 7;
    (before, *core::hint::black_box(other))
}
