//@ rules: implied-bound
//@ says: relies on `'b: 'static`
#![no_std]
#![forbid(unsafe_code)]
//! The alias is used among the arguments of a macro that is not expanded.

pub fn keep<'x>(lent: &'x u64) -> &'static u64 {
    let mut kept: &'static u64 = &0;
    let _ = format_args!("{}", {
        type W<'b> = (Option<&'static &'b ()>, &'b u64);
        fn lend<'b>(p: W<'b>, _: &()) -> &'static u64 { p.1 }
        let f: fn((Option<&'static &'static ()>, &'x u64), &()) -> &'static u64 = lend;
        kept = f((None, lent), &());
        0
    });
    kept
}
