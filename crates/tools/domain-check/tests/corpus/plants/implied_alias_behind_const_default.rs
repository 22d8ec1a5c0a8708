//@ rules: implied-bound
//@ says: fn lend relies on
#![no_std]
#![forbid(unsafe_code)]
pub type W<'b, const N: usize = { 0 }> = Option<&'static &'b ()>;
fn lend<'b>(_: W<'b>, v: &'b u64) -> &'static u64 { v }
pub fn keep(lent: &u64) -> &'static u64 {
    let longer: fn(Option<&'static &'static ()>, &u64) -> &'static u64 = lend;
    longer(None, lent)
}
