//@ rules: unsafe-code
//@ says: index
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161852: an index writes to the indexed value, and a later index leaves the function, which the
//! compiler does not consider. The domain reads any word of memory: it compares the word with `guess`, and the panic
//! shows the word if it is not greater.
type Row = &'static [&'static [&'static [u8]]];
#[repr(C)]
pub struct Behind { none: [Row; 0], address: usize, length: usize }
pub fn is_more(address: usize, guess: usize) -> bool {
    let behind = Behind { none: [], address: address - 8, length: 1 };
    let row: [Row; 1] = [&[&[&[0]]]];
    let mut all: &[Row] = &row;
    let _ = all[0][{ all = &behind.none; 0 }][guess][{ return true; 0 }];
    false
}
