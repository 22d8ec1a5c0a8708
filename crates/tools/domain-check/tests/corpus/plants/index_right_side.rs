//@ rules: unsafe-code
//@ says: an index hands `all` to a function
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161852 without a block, an assignment or a `return` in an index: an operator changes the value
//! through its right operand, which is reborrowed.
type Row = &'static [&'static [&'static [u8]]];
#[repr(C)]
pub struct Behind { none: [Row; 0], address: usize, length: usize }
fn end() -> ! { panic!() }
pub struct To<'a>(&'a [Row]);
impl<'a> core::ops::Sub<&mut &'a [Row]> for To<'a> { type Output = usize; fn sub(self, all: &mut &'a [Row]) -> usize { *all = self.0; 0 } }
pub fn tell(address: usize, guess: usize) {
    let behind = Behind { none: [], address: address - 8, length: 1 };
    let row: [Row; 1] = [&[&[&[0]]]];
    let mut first: &[Row] = &row;
    let all = &mut first;
    let _ = all[0][To(&behind.none) - all][guess][end() as usize];
}
