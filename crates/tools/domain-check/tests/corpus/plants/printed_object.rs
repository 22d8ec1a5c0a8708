//@ rules: misread
//@ says: printed
#![no_std]
#![forbid(unsafe_code)]
//! If a macro has put a trait object behind a pointer, the compiler prints it without its parentheses: its last bound
//! then reads as a bound of the item before it. The checks read `'b: 'static`, which was never declared.
pub trait Mark {}
type Marked = fn() -> *const (dyn Mark + 'static);
pub struct Lent<'b>(&'b u64);
macro_rules! lending {
    ($object:ty) => {
        impl<'b> Lent<'b>
        where
            &'b Marked: FnOnce() -> *const $object,
        {
            fn lend<'a>(_: Option<&'a Self>, lent: Self, _: &()) -> &'a u64 { lent.0 }
        }
    };
}
lending!(dyn Mark + 'static);
#[inline(never)]
pub fn forget<'x>(value: &'x u64) -> &'static u64 {
    let lend: fn(Option<&'static Lent<'static>>, Lent<'x>, &()) -> &'static u64 = Lent::<'x>::lend;
    lend(None, Lent(value), &())
}
