//@ rules: unsafe-code
//@ says: index
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161852 without a block, an assignment or a `return` in an index: one call changes the value, and
//! another ends the expression.
type Row = &'static [&'static [&'static [u8]]];
#[repr(C)]
pub struct Behind { none: [Row; 0], address: usize, length: usize }
fn end() -> ! { panic!() }
fn change<'a>(all: &mut &'a [Row], to: &'a [Row]) -> usize { *all = to; 0 }
pub fn tell(address: usize, guess: usize) {
    let behind = Behind { none: [], address: address - 8, length: 1 };
    let row: [Row; 1] = [&[&[&[0]]]];
    let mut all: &[Row] = &row;
    let _ = all[0][change(&mut all, &behind.none)][guess][end() as usize];
}
