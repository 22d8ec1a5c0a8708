//@ rules: unsafe-code
//@ says: an index has a block
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#160525: a pattern in an index moves the indexed value. To the compiler, `[row]` and `rows[0]` are
//! two places.
extern crate alloc;
use alloc::boxed::Box;
pub fn read_freed() -> u64 {
    let mut rows = [[Box::new(42_u64)]];
    let word = &mut rows[0][{ let [row] = rows; drop(row); 0 }];
    **word
}
