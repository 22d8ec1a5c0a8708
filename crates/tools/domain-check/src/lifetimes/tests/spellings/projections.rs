//! Spellings of the hole that use associated types.

use super::Spelling;

pub(super) const PROJECTIONS: &[Spelling] = &[
    // A projected type may outlive less than its parameter does, as the result of a closure does.
    (
        "fn f<I: Iterator + 'static>(all: I) -> Option<I::Item> { x() }",
        "I::Item: 'static",
    ),
    (
        "fn f<I: Iterator + 'static>(all: I, f: impl Fn(I::Item)) {}",
        "I::Item: 'static",
    ),
    (
        "struct P<T, V>(T, V); impl<T: Call + 'static> P<T, T::Out> { fn f(self) -> Box<dyn Any> { x() } }",
        "T::Out: 'static",
    ),
    (
        "fn f<T: Call>(_: T, v: impl Into<T::Out>) -> impl Display where T::Out: Display { v.into() }",
        "T::Out: 'static",
    ),
    (
        "type O<T> = <T as Call>::Out; struct Hold<T: Call>(Option<O<T>>);",
        "T::Out: 'static",
    ),
    (
        "fn f(all: Peekable<I>) { *all.peek_mut().unwrap() = v; }",
        "`peek_mut`",
    ),
    (
        "fn f(all: Peekable<I>) { Peekable::next_if_map(&mut all, |_| Err(v)); }",
        "`next_if_map`",
    ),
    (
        "fn f<T: Call + 'static>(_: &T, v: T::Out) -> Box<dyn Any> { x() }",
        "T::Out: 'static",
    ),
    (
        "fn f<'a, T: Call + 'a>(_: &T, v: Option<<T as Call>::Out>) -> Box<dyn Display + 'a> { x() }",
        "T::Out: 'a",
    ),
    (
        "fn f<T: Call>(_: T, make: impl Fn() -> T::Out) -> Box<dyn Any> where T: 'static { x() }",
        "T::Out: 'static",
    ),
    (
        "fn f<T: Call + 'static>(_: T) -> impl Fn(T::Out) -> Box<dyn Any> { x() }",
        "T::Out: 'static",
    ),
    (
        "type O<T> = <T as Call>::Out; fn f<T: Call + 'static>(_: T, v: O<T>) -> Box<dyn Any> where T::Out: 'static { x() }",
        "T::Out: 'static",
    ),
    (
        "fn f<T: Call>(_: T, v: <T::Out as Call>::Out) -> Box<dyn Any> where T::Out: 'static { x() }",
        "::Out: 'static",
    ),
    (
        "trait K: Call + 'static { fn f(&self, v: Self::Out) -> Box<dyn Any>; }",
        "Self::Out: 'static",
    ),
    (
        "fn f<T: Call>(_: &T, v: T::Out) -> Box<dyn Any> where <T as Same>::Same: 'static { x() }",
        "T::Out: 'static",
    ),
    (
        "fn f<T: Call>(_: &T, v: T::Out) -> Box<dyn Any> where <T as Same>::Same: Any { x() }",
        "T::Out: 'static",
    ),
    (
        "trait L: 'static {} trait K: L {} fn f<T: Call + K>(_: T, v: T::Out) -> Box<dyn Any> { x() }",
        "T::Out: 'static",
    ),
    (
        "fn f<T: Call + Any>(_: T, v: T::Out) -> Box<dyn Any> { x() }",
        "T::Out: 'static",
    ),
    (
        "impl<T: Call + 'static> K for T { fn f(&self, v: Self::Out) -> Box<dyn Any> { x() } }",
        "T::Out: 'static",
    ),
    (
        "impl<T: Call + 'static> K for M<T> { type V = T::Out; fn f(&self, v: Self::V) -> Box<dyn Any> { x() } }",
        "T::Out: 'static",
    ),
    (
        "fn f<T: Call>(_: &T, v: T::Out) -> impl Display + use<T> where T::Out: Display { v }",
        "T::Out: 'static",
    ),
    (
        "async unsafe fn f<T: Call>(_: T, v: T::Out) { }",
        "T::Out: 'static",
    ),
    (
        "struct Hold<T: Call>(T, Option<T::Out>);",
        "T::Out: 'static",
    ),
    (
        "fn f() { enum Hold<T: Call> { V { v: Box<<T as Call>::Out> } } }",
        "T::Out: 'static",
    ),
    // `T::Lent<'a>` implies `T: 'a`.
    (
        "fn f<T: Lends + Display>(_: Option<T::Lent<'static>>, v: T) -> Box<dyn Display> { Box::new(v) }",
        "T: 'static",
    ),
    (
        "type L<'x, U> = Option<U::Lent<'x>>; fn f<'a, T: Lends + Display>(_: L<'a, T>, v: T) -> Box<dyn Display + 'a> { Box::new(v) }",
        "T: 'a",
    ),
];
