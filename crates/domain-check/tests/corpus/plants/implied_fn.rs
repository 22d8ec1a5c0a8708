//@ rules: implied-bound
//@ says: 'b: 'a
#![no_std]
#![forbid(unsafe_code)]
pub fn lend<'a, 'b, T>(_: &'a &'b (), value: &'b T) -> &'a T {
    value
}
/// Lives on: the pointer's type no longer says that the two lifetimes are related.
pub fn forever<T>(value: &T) -> &'static T {
    let lend: fn(_, &T) -> &'static T = lend;
    lend(&&(), value)
}
