//! Spellings of the hole that use bounds, methods and headers of impls.

use super::Spelling;

pub(super) const BOUNDS: &[Spelling] = &[
    // Bounds under other names, by other traits, and with the lifetimes in other places.
    (
        "use core::ops::Fn as G; fn f<F: for<'a, 'b> G(Option<&'a &'b ()>, &'b str, &mut Option<&'a str>)>(f: F) {}",
        "'b: 'a",
    ),
    (
        "use dep::G; fn f() { g::<Box<dyn for<'a, 'b> G(Option<&'a &'b ()>, &'b str, &mut Option<&'a str>)>>(); }",
        "'b: 'a",
    ),
    (
        "use dep::G; fn f<'a, 'b>(f: &dyn dep::G(Option<&'a &'b ()>, &'b str, &mut Option<&'a str>)) {}",
        "'b: 'a",
    ),
    (
        "fn f<'a, 'b>(f: &dyn (G(Option<&'a &'b ()>, &'b str, &mut Option<&'a str>))) {}",
        "'b: 'a",
    ),
    (
        "fn f<F>(f: F) where for<'a, 'b> F: FnOnce(Option<&'a &'b ()>, &'b str, &mut Option<&'a str>) {}",
        "'b: 'a",
    ),
    (
        "fn f<F>(f: F) where for<'a, 'b> F: Send + G<Option<&'a &'b ()>, &'b str, Output = &'a str> {}",
        "'b: 'a",
    ),
    (
        "fn f<F>(f: F) where for<'a, 'b> <F as Same>::Same: G<Option<&'a &'b ()>, (&'b str, &'a str)> {}",
        "'b: 'a",
    ),
    (
        "trait G<A, B, C>: Fn(A, B, C) {} fn f<F: for<'a, 'b, 'c> G<Option<&'a &'b ()>, &'b u64, &'c mut Option<&'a u64>>>(f: F) {}",
        "'b: 'a",
    ),
    (
        "trait G<A, B, C>: Fn(A, B, C) {} fn f<'a, 'b>(f: impl G<Option<&'a &'b ()>, &'b u64, Keep<&'a u64>>) {}",
        "'b: 'a",
    ),
    (
        "trait H<T>: FnOnce(T) where Self: Sized {} trait G<T>: H<T> {} fn f<'a, 'b>(f: impl G<(Option<&'a &'b ()>, &'b u64, Keep<&'a u64>)>) {}",
        "'b: 'a",
    ),
    (
        "trait G<'x, 'y: 'x, T>: Fn(Option<&'x &'y ()>, T) {} fn f<F: for<'a, 'b> G<'a, 'b, (&'b u64, Keep<&'a u64>)>>(f: F) {}",
        "'b: 'a",
    ),
    (
        "trait G<'x, T>: for<'b> Fn(Option<&'x T>, &'b u8, T, Keep<&'x u8>) {} fn f<F: for<'a, 'b> G<'a, &'b u64>>(f: F) {}",
        "'b: 'a",
    ),
    // Methods.
    (
        "trait L { fn lend<'a, 'b>(_: Option<&'a &'b ()>, v: &'b str) -> &'a str; }",
        "'b: 'a",
    ),
    (
        "trait C<'a> { fn lend<'b>(_: Option<&'a &'b ()>, v: &'b str) -> &'a str; }",
        "'b: 'a",
    ),
    (
        "trait T { fn lend<'a>(_: Option<&'a Self>, v: Self) -> Keep<'a>; }",
        "Self: 'a",
    ),
    (
        "struct P<'b>(&'b str); impl<'b> P<'b> { fn lend<'a>(_: Option<&'a Self>, v: Self) -> &'a str { v.0 } }",
        "'b: 'a",
    ),
    (
        "struct P<'b>(&'b str); impl<'b> P<'b> { fn lend(&self, v: &'b str) -> &str { v } }",
        "'b: '_",
    ),
    (
        "struct H<R>(R); impl<'a, 'b> H<&'a &'b ()> { fn lend(v: &'b str) -> &'a str { v } }",
        "'b: 'a",
    ),
    (
        "impl<'a, 'b> Proof for &'a &'b () { type In = &'b str; type Out = &'a str; fn go(i: Self::In) -> Self::Out { i } }",
        "'b: 'a",
    ),
    (
        "struct P<'b>(&'b str); impl P<'_> { fn lend<'a>(_: Option<&'a Self>, v: Self) -> &'a str { v.0 } }",
        "'_: 'a",
    ),
    (
        "struct P<'b>(&'b str); impl Lend for P<'_> { fn lend(&self, v: Self) -> &str { v.0 } }",
        "'_: '_",
    ),
    (
        "impl Lend for &str { fn lend(&self, v: Self) -> &str { v } }",
        "'_: '_",
    ),
    (
        "struct P<'b>(&'b str); impl<'b> P<'b> { fn lend(self: Pin<&Self>, v: &'b str) -> &str { v } }",
        "'b: '_",
    ),
    (
        "struct G<'s>(&'s str); struct P<'b>(&'b str); impl<'b> P<'b> { fn lend(&self, v: &'b str) -> G { G(v) } }",
        "'b: '_",
    ),
    (
        "impl Gat for M { type P<'a, 'b> = &'a &'b (); fn lend<'a, 'b>(_: Option<Self::P<'a, 'b>>, v: &'b str) -> &'a str { v } }",
        "'b: 'a",
    ),
    (
        "fn lend<'a, 'b, T: Gat>(_: Option<T::P<'a, 'b>>, v: &'b str) -> &'a str { v }",
        "'b: 'a",
    ),
    (
        "impl<'a, 'b> Mul<&'b str> for &'a &'b () { type Output = &'a str; fn mul(self, v: &'b str) -> &'a str { v } }",
        "'b: 'a",
    ),
    // Headers of impls, from which the bounds of supertraits and associated types follow.
    (
        "trait Sub<'a, 'b, R>: Sup<'a, 'b> {} impl<'a, 'b> Sub<'a, 'b, &'b &'a ()> for M {}",
        "'a: 'b",
    ),
    (
        "trait Sub<R: Take + Keep>: Sup<<R as Take>::A, <R as Keep>::B> {} impl<'a, 'b> Sub<&'b &'a ()> for M {}",
        "'a: 'b",
    ),
    (
        "trait Sub<'a, R, T>: Sup<'a, T> {} impl<'a, T> Sub<'a, &'a T, T> for M {}",
        "T: 'a",
    ),
    (
        "impl<'a, 'b> Extend<'a, 'b> for <&'b &'a () as Tr>::Type { }",
        "'a: 'b",
    ),
    (
        "impl<'a, 'b> elsewhere::Sub<'a, 'b, &'b &'a ()> for M {}",
        "'a: 'b",
    ),
    // Bounds around a signature.
    (
        "impl<'a> Own<'a> where Own<'a>: Sink<In = &'a u64> { fn put<'b>(_: &'a &'b (), v: &'b u64) { Self::sink(v) } }",
        "'b: 'a",
    ),
    (
        "impl<'b, S: Source<Out = &'b u64>> Own<S> { fn lend<'a>(_: Option<&'a &'b ()>, s: &S) -> &'a u64 { s.give() } }",
        "'b: 'a",
    ),
    (
        "trait Put<'a>: Sink<In = &'a u64> { fn put<'b>(_: &'a &'b (), v: &'b u64) { Self::sink(v) } }",
        "'b: 'a",
    ),
    (
        "trait Put<'a> { type S: Sink<In = &'a u64>; fn put<'b>(_: &'a &'b (), v: &'b u64) { Self::S::sink(v) } }",
        "'b: 'a",
    ),
    (
        "fn f<'b, S: Source<Out = &'b u64>>() { let lend: for<'a> fn(Option<&'a &'b ()>, &S) -> &'a u64 = |_, s| s.give(); }",
        "'b: 'a",
    ),
    (
        "fn f<'o>(cell: &Cell<&'o u64>) { let put: &dyn for<'b> Fn(&'o &'b (), &'b u64) = &|_, v| cell.set(v); }",
        "'b: 'o",
    ),
];
