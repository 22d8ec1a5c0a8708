//! Spellings of the hole that use results.

use super::Spelling;

pub(super) const RESULTS: &[Spelling] = &[
    // Results through which a value is supplied later.
    (
        "fn make<'a, 'b>(_: Option<&'a &'b ()>) -> fn(&'b str) -> &'a str { |v| v }",
        "'b: 'a",
    ),
    (
        "fn make<'a, 'b>(_: Option<&'a &'b ()>) -> Box<dyn Fn(&'b str) -> &'a str> { Box::new(|v| v) }",
        "'b: 'a",
    ),
    (
        "fn make<'a, 'b>(_: Option<&'a &'b ()>) -> impl Fn(&'b str) -> &'a str { |v| v }",
        "'b: 'a",
    ),
    (
        "struct P<'a, 'b>(fn(&'b str) -> &'a str); fn make<'a, 'b>(_: Option<&'a &'b ()>) -> P<'a, 'b> { P(|v| v) }",
        "'b: 'a",
    ),
    (
        "struct Bag<T>(T); impl<T> Bag<T> { fn leak(&self, v: T) -> &T { Box::leak(Box::new(v)) } }",
        "T: '_",
    ),
    (
        "fn leak<'a, T>(_: &'a mut [T], v: T) -> &'a T { Box::leak(Box::new(v)) }",
        "T: 'a",
    ),
    (
        "struct Bag<T>(T); fn leak<'a, T>(_: Option<&'a mut Bag<T>>, v: T) -> &'a T { Box::leak(Box::new(v)) }",
        "T: 'a",
    ),
    // Results that are written to, and places that are cells.
    (
        "fn cast<'b, 's>(_: Option<&'static &'b ()>, s: &'s mut &'static str) -> &'s mut &'b str { s }",
        "'b: 'static",
    ),
    (
        "fn make<'a, 'b>(_: Option<&'a &'b ()>) -> (Box<dyn Slot<In = &'b u64> + 'b>, Box<dyn Show + 'a>) { x() }",
        "'b: 'a",
    ),
    (
        "use core::cell::Cell as Poll; fn make<'a, 'b>(_: Option<&'a &'b ()>) -> (Rc<Poll<&'b u64>>, Box<dyn Show + 'a>) { x() }",
        "'b: 'a",
    ),
    (
        "struct W<'o, 'b>(&'o Cell<&'o u64>, PhantomData<&'o &'b ()>); fn put<'b>(w: W<'_, 'b>, v: &'b u64) { w.0.set(v) }",
        "'b: '_",
    ),
    (
        "fn cast<'s, T>(_: Option<&'static T>, s: &'s mut u64) -> &'s mut T { x() }",
        "T: 'static",
    ),
    (
        "fn split<'a, 'b>(_: &'a &'b (), w: Keep<'a>) -> (&'a str, &'b str) { x() }",
        "'b: 'a",
    ),
    // Elided lifetimes of results.
    (
        "fn f<'a, 'b>(_: Option<fn(&'b u8) -> &'a &u8>, v: &'b u64) -> &'a u64 { v }",
        "'b: 'a",
    ),
    (
        "fn f<'a, 'b>(_: Option<&dyn Fn(&'b u8) -> &'a &u8>, v: &'b u64) -> &'a u64 { v }",
        "'b: 'a",
    ),
    (
        "type P<'x, 'y> = Option<fn(&'x u8) -> &'y &u8>; fn f<'a, 'b>(_: P<'b, 'a>, v: &'b u64) -> &'a u64 { v }",
        "'b: 'a",
    ),
    (
        "struct P<'x, 'y>(fn(&'x u8) -> &'y &u8); fn f<'a, 'b>(_: Option<P<'b, 'a>>, v: &'b u64) -> &'a u64 { v }",
        "'b: 'a",
    ),
    (
        "fn f<'a, 'b>(v: &'b u64, _: fn(&u8)) -> (&'a u64, Option<&'a &u8>) { x() }",
        "'b: 'a",
    ),
    (
        "fn f<'a, 'b>(v: &'b u64, _: impl Fn(&u8)) -> (&'a u64, Option<&'a &u8>) { x() }",
        "'b: 'a",
    ),
    (
        "fn f<'a, 'b>(v: &'b u64, _: &dyn for<'q> Fn(&'q u8)) -> (&'a u64, Option<&'a &u8>) { x() }",
        "elides",
    ),
    (
        "fn f<'a, 'b>(v: &'b u64, _: Option<Box<dyn for<'q> Fn(&'q u8)>>) -> (&'a u64, Option<&'a &u8>) { x() }",
        "'b: 'a",
    ),
    (
        "fn f<'a, 'b>(v: &'b u64, _: impl Iterator<Item = &'a u64>) -> (&'a u64, Option<&'a &u8>) { x() }",
        "'b: 'a",
    ),
    (
        "type S = &'static str; fn f<'a, 'b>(v: &'b u64, _: S) -> (&'a u64, Option<&'a &u8>) { x() }",
        "'b: 'a",
    ),
    (
        "type S<'x> = &'x &'static str; fn f<'a, 'b>(v: &'b u64, _: Option<S<'static>>) -> (&'a u64, Option<&'a &u8>) { x() }",
        "elides",
    ),
    (
        "type S<'x> = &'x &'static str; fn f<'a>(v: S) -> (S<'a>, Option<&'a &u8>) { x() }",
        "'_: 'a",
    ),
    (
        "impl<'b, 'x> W<'b, 'x> { fn f<'a>(_: Option<&Self>, v: &'b u64) -> (&'a u64, Option<&'a &u8>) { x() } }",
        "elides",
    ),
    (
        "impl<'b, 'x> W<'b, 'x> { fn f<'a>(v: &'b u64, _: Option<Self>) -> (&'a u64, Option<&'a &u8>) { x() } }",
        "'b: 'a",
    ),
    (
        "impl<'b, 'x> W<'b, 'x> { fn f<'a>(self: Box<Self>, v: &'b u64) -> (&'a u64, Option<&'a &u8>) { x() } }",
        "'b: 'a",
    ),
    (
        "impl<'x> W<'x> { fn f<'a>(self: &'a Pin<&Self>, v: &u64) -> &u64 { x() } }",
        "elides",
    ),
    (
        "fn f<'a>(v: Ref<u8>) -> (&'a u64, Option<&'a &u8>) { x() }",
        "elides",
    ),
    (
        "fn f<'a, 'b>(v: &'b u64) { g(|x: &'b u64| -> (&'a u64, Option<&'a &u8>) { x() }) }",
        "elides",
    ),
];
