//! Spellings of the hole that use closures, pointers and macros.

use super::Spelling;

pub(super) const CLOSURES: &[Spelling] = &[
    // Closures and pointers, whose types have no declared bounds.
    (
        "fn f() { let lend: for<'a, 'b> fn(Option<&'a &'b ()>, &'b str) -> &'a str = |_, v| v; }",
        "'b: 'a",
    ),
    (
        "fn f<F>(f: F) where F: for<'a, 'b> Fn(Option<&'a &'b ()>, &'b str) -> &'a str {}",
        "'b: 'a",
    ),
    (
        "fn f(f: impl for<'a, 'b> FnOnce(Option<&'a &'b ()>, &'b str) -> &'a str) {}",
        "'b: 'a",
    ),
    (
        "use core::ops::Fn as G; fn f(f: impl for<'a, 'b> G(Option<&'a &'b ()>, &'b str) -> &'a str) {}",
        "'b: 'a",
    ),
    (
        "static F: for<'a, 'b> fn(Option<&'a &'b ()>, &'b str) -> &'a str = lend;",
        "'b: 'a",
    ),
    (
        "fn f<'a, T>(_: Option<&'a T>, f: impl Fn() -> T) -> Box<dyn Display + 'a> { Box::new(f()) }",
        "T: 'a",
    ),
    (
        "fn f<'a, T>(_: Option<&'a T>, f: impl Fn(&mut Option<T>)) -> Box<dyn Display + 'a> { x() }",
        "T: 'a",
    ),
    (
        "fn f<'a, T>(_: Option<&'a T>, f: impl Fn(&dyn Fn(T))) -> Box<dyn Display + 'a> { x() }",
        "T: 'a",
    ),
    // Closures whose parameters have types, and code in a macro's arguments.
    (
        "type W<'b> = (Option<&'static &'b ()>, &'b str); fn f() { let lend = |p: W| -> &'static str { p.1 }; }",
        "'_: 'static",
    ),
    (
        "type W<'b, T> = (Option<&'b T>, T, Keep<&'b T>); impl<T> P<T> { fn f() { let lend = |p: W<'_, T>| p.2.set(p.1); } }",
        "T: '_",
    ),
    (
        "fn f() { format_args!(\"{0}\", { type W<'b> = (&'static &'b (), &'b str); fn lend<'b>(p: W<'b>) -> &'static str { p.1 } 0 }); }",
        "'b: 'static",
    ),
    (
        "type W<'b> = (&'static &'b (), &'b str); fn f() { format_args!(\"{0}\", |p: W| -> &'static str { p.1 }); }",
        "'_: 'static",
    ),
    // Two lifetimes with the same name: a macro wrote one of them.
    (
        "fn lend<'a, 'a>(_: Option<&'a &'a ()>, v: &'a str) -> &'a str { v }",
        "by the name 'a",
    ),
    (
        "impl<'a> P<'a> { fn lend<'a>(_: &'a &'a (), v: &'a str) -> &'a str { v } }",
        "by the name 'a",
    ),
    (
        "fn f<'a>() { let f: for<'a> fn(&'a &'a (), &'a str) -> &'a str = lend; }",
        "by the name 'a",
    ),
];
