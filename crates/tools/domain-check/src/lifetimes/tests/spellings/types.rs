//! Spellings of the hole that use types in a signature.

use super::Spelling;

pub(super) const TYPES: &[Spelling] = &[
    // The function can be called through a pointer of another type.
    (
        "fn lend<'a, 'b, T>(_: &'a &'b (), v: &'b T) -> &'a T { v }",
        "'b: 'a",
    ),
    (
        "fn lend<'a>(_: PhantomData<&'static &'a ()>, v: &'a str) -> &'static str { v }",
        "'a: 'static",
    ),
    (
        "fn lend<'a, 'b>(p: (Option<&'a &'b ()>, &'b str)) -> &'a str { p.1 }",
        "'b: 'a",
    ),
    (
        "fn put<'a, 'b>(_: Option<&'a &'b ()>, v: &'b str, out: &mut &'a str) { *out = v }",
        "'b: 'a",
    ),
    (
        "fn via<'a, 'b, 'c>(_: &'a &'c (), _: &'c &'b (), v: &'b str) -> &'a str { v }",
        "'b: 'a",
    ),
    (
        "fn via<'a, 'b, 'c: 'a>(_: &'c &'b (), v: &'b str) -> &'a str { v }",
        "'b: 'a",
    ),
    (
        "fn late<'a, 'b>(v: &'b str) -> (&'a str, Option<&'a &'b ()>) { (v, None) }",
        "'b: 'a",
    ),
    (
        "fn many<'a, 'b>(_: fn(&'a &'b ()), v: &'b str) -> &'a str { v }",
        "'b: 'a",
    ),
    (
        "async fn lend<'a, 'b>(_: Option<&'a &'b ()>, v: &'b str) -> &'a str { v }",
        "'b: 'a",
    ),
    // A type parameter in place of the inner lifetime.
    (
        "fn keep<'a, T: Display>(_: Option<&'a T>, v: T) -> Box<dyn Display + 'a> { Box::new(v) }",
        "T: 'a",
    ),
    (
        "fn keep<T: Display>(_: Option<&'static T>, v: T) -> Box<dyn Display> { Box::new(v) }",
        "T: 'static",
    ),
    (
        "fn keep<'a, I: Iterator>(_: Option<&'a I::Item>, v: I::Item) -> Box<dyn Display + 'a> { Box::new(v) }",
        "I: 'a",
    ),
    // Types that have the bound in their own definition.
    (
        "struct W<'a, 'b>(PhantomData<&'a &'b ()>); fn lend<'a, 'b>(_: Option<W<'a, 'b>>, v: &'b str) -> &'a str { v }",
        "'b: 'a",
    ),
    (
        "struct W<'b: 'static>(PhantomData<&'b ()>); fn lend<'b>(_: Option<W<'b>>, v: &'b str) -> &'static str { v }",
        "'b: 'static",
    ),
    (
        "struct W<T: 'static>(PhantomData<T>); fn lend<'b>(_: Option<W<&'b ()>>, v: &'b str) -> &'static str { v }",
        "'b: 'static",
    ),
    (
        "struct W<T: 'static>(PhantomData<T>); use W as V; fn lend<'b>(_: Option<V<&'b ()>>, v: &'b str) -> &'static str { v }",
        "'b: 'static",
    ),
    (
        "type W<'b> = &'static &'b (); fn lend<'b>(_: Option<W<'b>>, v: &'b str) -> &'static str { v }",
        "'b: 'static",
    ),
    (
        "struct V<'b>(W<'b>); type W<'b> = &'static &'b (); fn lend<'b>(_: Option<V<'b>>, v: &'b str) -> &'static str { v }",
        "'b: 'static",
    ),
    (
        "fn lend<'a, 'b>(_: Option<elsewhere::W<'a, 'b>>, v: &'b str) -> &'a str { v }",
        "'b: 'a",
    ),
    // The same name in several places of one argument, or hidden behind a name.
    (
        "struct P<'a, 'b, 'c>(Option<&'a &'b ()>, &'c str); fn lend<'a, 'b>(p: P<'a, 'b, 'b>) -> &'a str { p.1 }",
        "'b: 'a",
    ),
    (
        "struct P<'a, 'b, T>(Option<&'a &'b ()>, T); fn lend<'a, 'b>(p: P<'a, 'b, &'b str>) -> &'a str { p.1 }",
        "'b: 'a",
    ),
    (
        "struct P<A, B>(Option<A>, B); type Q<'a, 'b> = P<&'a &'b (), &'b str>; fn lend<'a, 'b>(p: Q<'a, 'b>) -> &'a str { p.1 }",
        "'b: 'a",
    ),
    (
        "struct P<A, B>(Option<A>, B); type R<T, U> = P<T, U>; type Q<T, 'b> = R<T, &'b str>; fn lend<'a, T>(p: R<&'a T, T>) -> Box<dyn Display + 'a> { Box::new(p.1) }",
        "T: 'a",
    ),
    (
        "fn lend<'a, 'b>(p: <M<'a, 'b> as Same>::Pair) -> &'a str { p.1 }",
        "'b: 'a",
    ),
    (
        "fn keep<'a, V: Display + Make<G>, G>(_: Option<&'a V>, g: G) -> Box<dyn Display + 'a> { Box::new(V::make(g)) }",
        "V: 'a",
    ),
    (
        "trait Make { type G; } fn keep<'a, V: Display + Make<G = G>, G>(_: Option<&'a V>, g: G) -> Box<dyn Display + 'a> { x() }",
        "V: 'a",
    ),
    (
        "fn keep<'a, V, G>(_: Option<&'a V>, g: G) -> Box<dyn Display + 'a> where V: From<G> { Box::new(V::from(g)) }",
        "V: 'a",
    ),
    // A type that names itself.
    (
        "struct W<'a, 'b>(PhantomData<(&'a (), &'b ())>) where Self: 'a; fn lend<'a, 'b>(_: Option<W<'a, 'b>>, v: &'b str) -> &'a str { v }",
        "'b: 'a",
    ),
    (
        "enum W<'a, 'b> { V(PhantomData<&'a Self>, &'b ()) } fn lend<'a, 'b>(_: Option<W<'a, 'b>>, v: &'b str) -> &'a str { v }",
        "'b: 'a",
    ),
];
