//! Spellings of the hole, each accepted by the compiler, and what domains write every day.

use super::check;
use super::code::tests::everywhere;

fn findings(source: &str) -> Vec<String> {
    let findings = check(source.parse().expect("Rust's tokens"));
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn every_spelling_of_the_hole_is_refused() {
    let mut missed = Vec::new();
    for (source, bound) in [
        // A function that is used by another type than its own.
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
        // The same name in several places of one argument, or hidden behind one.
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
        // Results through which a value comes in later.
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
        // Closures and pointers, whose types nobody declares bounds for.
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
        // Bounds by other names, by other traits, and with the lifetimes somewhere else.
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
        // What is projected from a parameter need not outlive what that does: a closure's result.
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
        // Headers of impls, from which supertraits and associated types follow.
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
        // A type that names itself.
        (
            "struct W<'a, 'b>(PhantomData<(&'a (), &'b ())>) where Self: 'a; fn lend<'a, 'b>(_: Option<W<'a, 'b>>, v: &'b str) -> &'a str { v }",
            "'b: 'a",
        ),
        (
            "enum W<'a, 'b> { V(PhantomData<&'a Self>, &'b ()) } fn lend<'a, 'b>(_: Option<W<'a, 'b>>, v: &'b str) -> &'a str { v }",
            "'b: 'a",
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
        // What an object's trait outlives, the object's own lifetime does.
        (
            "trait Kept: 'static {} fn f<'a>(_: Option<Box<dyn Kept + 'a>>, v: &'a u64) -> &'static u64 { v }",
            "'a: 'static",
        ),
        (
            "trait Kept: 'static {} trait Sub: Kept {} fn f<'a>(_: Option<Box<dyn Sub + 'a>>, v: &'a u64) -> &'static u64 { v }",
            "'a: 'static",
        ),
        (
            "trait Kept<'b>: 'b {} fn f<'a>(_: Option<Box<dyn Kept<'static> + 'a>>, v: &'a u64) -> &'static u64 { v }",
            "'a: 'static",
        ),
        (
            "trait Kept<'b> where Self: 'b {} fn f<'a, 'b>(_: Option<Box<dyn Kept<'b> + 'a>>, v: &'a u64) -> &'b u64 { v }",
            "'a: 'b",
        ),
        (
            "trait Kept<'b>: 'b {} type K<'a, 'b> = Option<Box<dyn Kept<'b> + 'a>>; fn f<'a, 'b>(_: K<'b, 'a>, v: &'b u64) -> &'a u64 { v }",
            "'b: 'a",
        ),
        (
            "trait Kept<'b>: 'b {} fn f<'a>(k: &u8, v: &'a u64) -> (Option<Box<dyn Kept + 'a>>, &'static u64) { x() }",
            "elides",
        ),
        (
            "trait Kept<'b>: 'b {} impl S { fn f<'a>(&self, v: &'a u64) -> (Option<Box<dyn Kept + 'a>>, &u64) { x() } }",
            "'a: '_",
        ),
        (
            "trait Kept<'b>: 'b {} impl S { fn f<'a>(&self, v: &'a u64) -> (Option<Box<dyn Kept<'_> + 'a>>, &u64) { x() } }",
            "'a: '_",
        ),
        (
            "trait Kept<'b>: 'b {} fn f<'a>(_: Option<Box<dyn for<'b> Kept<'b> + 'a>>, v: &'a u64) -> &'static u64 { v }",
            "'a: 'static",
        ),
        (
            "fn f<'a>(_: Option<Box<dyn Any + 'a>>, v: &'a u64) -> &'static u64 { v }",
            "'a: 'static",
        ),
        (
            "fn f<'a>(_: Option<Box<dyn other::Trait + 'a>>, v: &'a u64) -> &'static u64 { v }",
            "'a: 'static",
        ),
        (
            "trait Kept<'b>: 'b {} trait Far: Kept<'static> {} fn f<'a>(_: Option<Box<dyn Far + 'a>>, v: &'a u64) -> &'static u64 { v }",
            "'a: 'static",
        ),
        // An object without one has that of its place, if its trait's is bound late.
        (
            "trait Kept<'b>: 'b {} fn f<'a, 'b>(to: &'a dyn Kept<'b>, v: &'a u64) { to.keep(v) }",
            "'a: 'b",
        ),
        (
            "trait Kept<'b>: 'b {} struct Own<'x, T: ?Sized + 'x>(&'x T); fn f<'a, 'b>(_: Option<Own<'a, dyn Kept<'b>>>, v: &'a u64) -> &'b u64 { v }",
            "'a: 'b",
        ),
        (
            "fn f<'a, 'b>(_: Option<Ref<'a, dyn other::Kept<'b>>>, v: &'a u64) -> &'b u64 { v }",
            "'a: 'b",
        ),
        // What is lent for a lifetime outlives it.
        (
            "fn f<T: Lends + Display>(_: Option<T::Lent<'static>>, v: T) -> Box<dyn Display> { Box::new(v) }",
            "T: 'static",
        ),
        (
            "type L<'x, U> = Option<U::Lent<'x>>; fn f<'a, T: Lends + Display>(_: L<'a, T>, v: T) -> Box<dyn Display + 'a> { Box::new(v) }",
            "T: 'a",
        ),
        // What a result elides.
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
        // Closures with types, and what stands in a macro's arguments.
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
        // Two lifetimes of one name: a macro brought one of them.
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
    ] {
        for source in std::iter::once(source.to_owned()).chain(everywhere(source)) {
            let found = findings(&source);
            if !found
                .iter()
                .any(|it| it.contains("implied-bound") && it.contains(bound))
            {
                missed.push(format!("{source}: {found:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

const SOURCE: &str = "trait Source { type Out; fn give(&self) -> Self::Out; }";

#[test]
fn what_outlives_something_says_what_it_associates() {
    let mut missed = Vec::new();
    for (source, bound) in [
        (
            "fn f<S: Source + 'static>(s: S) -> Box<dyn Any> { x() }",
            "S::Out: 'static",
        ),
        (
            "fn f<'o, S: Source + 'o>(s: S) -> Box<dyn Display + 'o> { x() }",
            "S::Out: 'o",
        ),
        (
            "fn f<'o, S: Source>(s: &'o S) -> Box<dyn Display + 'o> { x() }",
            "S::Out: 'o",
        ),
        (
            "fn f<S: Source>(s: S) -> impl Show + use<S> { x() }",
            "S::Out: 'static",
        ),
        (
            "fn f(s: impl Source + 'static) -> Box<dyn Any> { x() }",
            "impl::Out: 'static",
        ),
        (
            "fn f<'o>(s: &'o mut impl Source) -> Box<dyn Display + 'o> { x() }",
            "impl::Out: 'o",
        ),
        (
            "trait Sub: Source {} fn f<S: Sub + 'static>(s: S) { x() }",
            "S::Out: 'static",
        ),
        (
            "use Source as Other; fn f<S: Other + 'static>(s: S) { x() }",
            "S::Out: 'static",
        ),
        (
            "fn f<'o, 'p: 'o, S: Source>(s: &'p S) -> Box<dyn Display + 'o> { x() }",
            "S::Out: 'o",
        ),
        (
            "trait Two { type Out; fn two(&self) -> Self::Out; fn f(self) -> Box<dyn Any> where Self: Sized + 'static { x() } }",
            "Self::Out: 'static",
        ),
        (
            "trait By<S> { type Out; } fn f<S: 'static>(s: S) where (): By<S> { x() }",
            "S::Out: 'static",
        ),
        (
            "fn f<'a, 'b>(_: &'a &'b (), v: &'b str) -> impl Show + use<'a> { x() }",
            "'b: 'a",
        ),
        (
            "trait Sub: Source { type Out; } fn f<S: Sub<Out = u8> + 'static>(s: S) { x() }",
            "S::Out: 'static",
        ),
        (
            "fn f<F: Future + 'static>(f: F) { x() }",
            "F::Output: 'static",
        ),
        (
            "fn f<I: IntoIterator<Item = u8> + 'static>(i: I) { x() }",
            "I::IntoIter: 'static",
        ),
        (
            "fn f<S: 'static>(s: S) where (S, u8): Source { x() }",
            "S::Out: 'static",
        ),
        (
            "fn f<S: Source<Out = T> + 'static, T: Source>(s: S) where S::Out: 'static { x() }",
            "",
        ),
        (
            "fn f<S: dep::Far + Source>(s: S) { x() }",
            "S::Out: 'static",
        ),
        (
            "trait Split: Source + 'static { fn f(self) -> Box<dyn Any> { x() } }",
            "Self::Out: 'static",
        ),
        (
            "trait Parts { type S: Source + 'static; }",
            "::Out: 'static",
        ),
        (
            "impl<S: Source + 'static> Split for S { const F: fn(S) = |s| x(); }",
            "S::Out: 'static",
        ),
        (
            "struct Hold<S: 'static>(S); impl<S: Source> Hold<S> { fn f(self) { x() } }",
            "S::Out: 'static",
        ),
        (
            "impl<S: Source> dep::Far for Own<S> { type Error = S::Out; }",
            "associates `…::Out`",
        ),
    ] {
        let source = format!("{SOURCE} {source}");
        for source in std::iter::once(source.clone()).chain(everywhere(&source)) {
            let found = findings(&source);
            let is_found = found
                .iter()
                .any(|it| it.contains("implied-bound") && it.contains(bound));
            if is_found == bound.is_empty() {
                missed.push(format!("{source}: {found:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn what_is_said_to_be_associated_passes() {
    let mut wrong = Vec::new();
    for source in [
        "fn f<S: Source<Out = T> + 'static, T>(s: S) -> T { x() }",
        "fn f<S: Source + 'static>(s: S) -> Box<dyn Any> where S::Out: 'static { x() }",
        "fn f<S: Source>(s: &S) -> Option<S::Out> { x() } fn g(s: &impl Source) -> bool { x() }",
        "impl<S: Source> Own<S> { fn get(&self) -> &S { x() } fn out(&mut self) -> Result<S::Out, Error> { x() } }",
        "fn f<T: Clone + Ord + Send + 'static>(t: T) -> Box<dyn Any> { x() } fn g<F: FnOnce(u8) -> R + 'static, R>(f: F) -> R { f(1) }",
        "fn f<D: dep::BlockDevice>(d: &D) -> u64 { x() } fn g(d: &mut dyn dep::BlockDevice) -> Result<(), Error> { x() }",
        "impl<W: fmt::Write> Log<W> { fn put(&mut self, text: &str) -> fmt::Result { x() } }",
        "trait Driver: 'static { type Error: 'static; fn f(&self) -> Result<(), Self::Error>; }",
        "impl dep::Device for Own { type Token<'a> = Rx<'a> where Self: 'a; fn receive(&mut self) -> Option<Self::Token<'_>> { x() } }",
        "impl<T: Ord> Own<T> { fn sort(&mut self) { self.0.sort_by(|a: &T, b: &T| a.cmp(b)); show(|f: &mut Formatter<'_>| x()); } }",
    ] {
        let found = findings(&format!("{SOURCE} {source}"));
        wrong.extend(found.iter().map(|it| format!("{source}: {it}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_impl_that_overlaps_with_trait_objects_is_refused() {
    for (generics, ty, refused) in [
        ("<T: ?Sized>", "T", true),
        ("<T>", "(T)", true),
        ("<T: Send + ?Sized>", "Same<T>", true),
        ("<T>", "T", false),
        ("<T: ?Sized>", "Box<T>", false),
    ] {
        let clause = if refused { "where T: ?Sized" } else { "" };
        let source = format!(
            "type Same<T> = T; trait Object {{ type Out; }} impl{generics} Object for {ty} {clause} {{ }}"
        );
        let found = findings(&source);
        let is_found = found.iter().any(|it| it.contains("dyn Object"));
        assert_eq!(is_found, refused, "{source}: {found:?}");
    }
    assert!(findings("trait Plain {} impl<T: ?Sized> Plain for T {}").is_empty());
}

#[test]
fn a_signature_of_many_names_is_judged_or_refused() {
    for (names, told) in [(60, "'a59: 'a0"), (64, "'a63: 'a0"), (65, "more than 64")] {
        let all: Vec<_> = (0..names).map(|it| format!("'a{it}")).collect();
        let last = names - 1;
        let source = format!(
            "fn f<{}>(_: &{} (), v: &'a{last} u64) -> &'a0 u64 {{ v }}",
            all.join(", "),
            all.join(" &")
        );
        let found = findings(&source);
        assert!(found.len() == 1 && found[0].contains(told), "{found:?}");
    }
}

#[test]
fn an_alias_of_aliases_is_refused_when_it_grows() {
    let mut source = "type A0<'a> = &'a (); ".to_owned();
    for it in 1..12 {
        let each = format!("A{}<'a>, ", it - 1).repeat(8);
        source += &format!("type A{it}<'a> = ({each}); ");
    }
    let found = findings(&format!("{source} fn f(_: A11<'_>) {{}}"));
    assert!(!found.is_empty());
}

#[test]
fn a_bound_that_is_written_down_is_believed() {
    let mut wrong = Vec::new();
    for source in [
        "fn lend<'a, 'b: 'a, T>(_: &'a &'b (), v: &'b T) -> &'a T { v }",
        "fn lend<'a, 'b, T>(_: &'a &'b (), v: &'b T) -> &'a T where 'b: 'a { v }",
        "fn via<'a, 'b: 'c, 'c: 'a>(_: &'a &'c (), _: &'c &'b (), v: &'b str) -> &'a str { v }",
        "fn keep<'a, T: Display + 'a>(_: Option<&'a T>, v: T) -> Box<dyn Display + 'a> { Box::new(v) }",
        "fn keep<'a, T: 'static>(_: Option<&'a T>, v: T) -> Box<dyn Display + 'a> { Box::new(v) }",
        "fn map<T: 'static, U: 'static>(value: &T, f: impl FnOnce(&T) -> &U) -> bool { f(value); true }",
        "fn f<T: Call + 'static>(_: &T, v: T::Out) -> Box<dyn Any> where T::Out: 'static { x() }",
        "trait Call { type Out; } fn f<'a, T: Call + 'a>(_: &T, v: T::Out) -> Box<dyn Display + 'a> where T::Out: 'a { x() }",
        "struct Hold<T: Call>(Option<T::Out>) where T::Out: 'static;",
        "impl<'a, 'b: 'a> H<&'a &'b ()> { fn lend(v: &'b str) -> &'a str { v } }",
        "struct W<'o, 'b>(Cell<&'o u64>, PhantomData<&'o &'b ()>); fn put<'o, 'b: 'o>(w: W<'o, 'b>, v: &'b u64) { w.0.set(v) }",
        "trait Sink { type In; } impl<'a> Own<'a> where Own<'a>: Sink<In = &'a u64> { fn put<'b: 'a>(_: Option<&'a &'b ()>, v: &'b u64) { Self::sink(v) } }",
        "trait Sub<'a, 'b, R>: Sup<'a, 'b> {} impl<'a: 'b, 'b> Sub<'a, 'b, &'b &'a ()> for M {}",
    ] {
        wrong.extend(findings(source).iter().map(|it| format!("{source}: {it}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_domains_write_every_day_passes() {
    let mut wrong = Vec::new();
    for source in [
        "impl<'a> Parser<'a> { fn peek(&self) -> &str { self.0 } fn next(&mut self) -> Option<&'a str> { None } }",
        "struct Iter<'a, T>(&'a [T]); impl<'a, T> Iterator for Iter<'a, T> { type Item = &'a T; fn next(&mut self) -> Option<Self::Item> { None } }",
        "struct S<'a> { a: &'a str } impl<'a> ::core::fmt::Debug for S<'a> { fn fmt(&self, f: &mut ::core::fmt::Formatter) -> ::core::fmt::Result { x() } }",
        "struct S<'a, T> { a: &'a [T] } impl<'a, T: ::core::clone::Clone> ::core::clone::Clone for S<'a, T> { fn clone(&self) -> S<'a, T> { x() } }",
        "impl fmt::Display for Plain { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_fmt(format_args!(\"{}\", self.0)) } }",
        "fn get<'a, T>(all: &'a [T], index: usize) -> Option<&'a T> { all.get(index) }",
        "struct Iter<'a, T>(&'a [T]); impl<T> Bag<T> { fn iter(&self) -> Iter<'_, T> { Iter(&self.0) } fn all(&self) -> impl Iterator<Item = &T> { self.0.iter() } }",
        "struct Bag<T>(T); impl<T> Bag<T> { fn push(&mut self, value: T) -> Result<(), Full> { x() } fn insert(&mut self, value: T) -> &mut T { x() } }",
        "struct Bag<T>(T); impl<T> Bag<T> { fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<&T> { x() } }",
        "type Result<T> = core::result::Result<T, Error>; fn get<'a>(text: &'a str, index: usize) -> Result<&'a str> { x() }",
        "mod a { pub type Result<T> = core::result::Result<T, Error>; } mod b { pub type Result<T> = a::Result<T>; fn get(text: &str) -> Result<&str> { x() } }",
        "fn longer<'a>(a: &'a str, b: &'a str) -> &'a str { if x { a } else { b } }",
        "fn each(all: &[&str], f: impl Fn(&str) -> bool, g: &mut dyn FnMut(&[u8]) -> usize) -> usize { 0 }",
        "fn map<T, U>(value: &T, f: impl FnOnce(&T) -> U) -> bool { f(value); true }",
        "impl BlockDevice for Disk { fn read(&self, lba: u64, buf: RRef<[u8]>) -> Result<RRef<[u8]>, BlockError> { x() } fn write(&self, lba: u64, data: &RRef<[u8]>) -> Result<(), BlockError> { x() } }",
        "struct View<'r> { registers: &'r Registers } impl<'r> View<'r> { fn read(&self) -> u32 { 0 } fn queue(&'r self, index: usize) -> Queue<'r> { x() } }",
        "impl<'a, 'b> PartialEq<&'b str> for Word<'a> { fn eq(&self, other: &&'b str) -> bool { true } }",
        "fn any(_: &dyn Any, _: Box<dyn Any>, _: Box<dyn Fn()>, d: &dyn dep::Driver, e: &mut (dyn dep::Driver + '_), f: &mut dyn FnMut(&u8)) {}",
        "trait Kept: 'static {} struct Own(Box<dyn Kept>); impl Own { fn get(&self) -> &dyn Kept { x() } fn set(&mut self, to: Box<dyn Kept>) {} }",
        "fn boxed<'a>(all: &'a [u8]) -> Box<dyn Iterator<Item = u8> + 'a> { x() } fn s(&self) -> Option<&(dyn Error + 'static)> { x() }",
        "trait Sees<'s>: 's {} fn all<'s>(all: &[&'s dyn Sees<'s>], f: impl Fn(&u8) -> &u8, g: fn(&[u8], usize) -> &u8) -> Option<&'s u8> { x() }",
        "fn first(all: &[u8], f: impl Fn(&u8) -> bool, g: fn(&u8) -> &u8) -> Option<&u8> { x() } fn get(p: Parser) -> &str { x() } struct Parser<'a>(&'a str);",
        "impl Own { fn pin(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<&u8> { x() } fn rc(self: &Rc<Self>, o: &u8) -> &u8 { x() } }",
        "macro_rules! m { ($t:ty) => { fn f<'a, 'b>(_: &'a &'b (), v: &'b $t) -> &'a $t { v } } }",
        "trait G<A, B>: Fn(A) -> B {} impl<A, B, F: Fn(A) -> B> G<A, B> for F {} fn f(f: impl for<'a> G<&'a str, &'a str>) {}",
        "fn f<T>(all: T) where for<'a> &'a T: IntoIterator<Item = &'a u8>, T: for<'de> Deserialize<'de> {}",
        "fn f<I: Iterator<Item = T> + 'static, T>(_: I, v: T) -> Option<T> { x() } struct P<I: Iterator<Item = T>, T>(I, Option<T>);",
        "fn f<I: Iterator<Item = T> + 'static, T>(all: I) -> Option<T> { x() } fn g<I: Iterator<Item = T> + 'static, T>(all: I, f: impl Fn(T)) {}",
        "impl<I: Iterator<Item = R>, R> Iterator for Each<I> { type Item = R; fn next(&mut self) -> Option<Self::Item> { x() } } struct Each<I>(I);",
        "fn f<I: Iterator<Item = T>, T: PartialEq>(all: I, wanted: T) -> bool { x() }",
        "enum E<'a, T> { V(&'a T, T, &'a u8), W(&'a T, &'a T) } fn g(e: E<'_, u8>) -> u8 { u8::from(f(&x, &y)) }",
        "fn f() { for x in 0..3 { let f = |a: &str| a.len(); call(x, f); } if a::<u8>() > b {} }",
    ] {
        wrong.extend(findings(source).iter().map(|it| format!("{source}: {it}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_type_that_multiplies_is_not_understood() {
    let mut source = String::from("type T0<'a, 'b> = (&'a (), &'b ());");
    for level in 1..14 {
        let inner = format!("T{}<'a, 'b>", level - 1);
        source += &format!("type T{level}<'a, 'b> = ({inner}, {inner}, {inner});");
    }
    source += "fn lend<'a, 'b>(p: T13<'a, 'b>, v: &'b str) -> &'a str { v }";
    let found = findings(&source);
    assert!(
        found.iter().any(|it| it.contains("not-understood")),
        "{found:?}"
    );
}
