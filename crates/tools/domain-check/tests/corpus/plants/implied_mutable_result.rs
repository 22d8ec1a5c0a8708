//@ rules: implied-bound
//@ says: relies on `'b: 'static`
#![no_std]
#![forbid(unsafe_code)]
//! The caller that gets the `&mut` in a result writes to its target.
fn cast<'b, 's>(_: Option<&'static &'b ()>, s: &'s mut Option<&'static u64>) -> &'s mut Option<&'b u64> { s }
pub fn keep<'x>(lent: &'x u64) -> Option<&'static u64> {
    let cast: for<'s> fn(Option<&'static &'static ()>, &'s mut Option<&'static u64>) -> &'s mut Option<&'x u64> = cast;
    let mut kept = None;
    *cast(None, &mut kept) = Some(lent);
    kept
}
