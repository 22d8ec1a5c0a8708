//! Tests of the excuses of bounds that types imply: which facts excuse a bound, and which do not.

use super::check;

fn findings(source: &str) -> Vec<String> {
    let findings = check(source.parse().expect("Rust's tokens"));
    findings.iter().map(ToString::to_string).collect()
}

/// Asserts that each source has a finding with the given text.
fn refuses(all: &[(&str, &str)]) {
    let mut missed = Vec::new();
    for (source, says) in all {
        let found = findings(source);
        if !found.iter().any(|it| it.contains(says)) {
            missed.push(format!("{source}\n    {says}: {found:?}"));
        }
    }
    assert!(missed.is_empty(), "\n{}", missed.join("\n"));
}

/// Asserts that no source has a finding.
fn accepts(all: &[&str]) {
    for source in all {
        let found = findings(source);
        assert!(found.is_empty(), "{source}\n    {found:?}");
    }
}

const T: &str = "relies on `T: 'a`";
const MINT: &str = "fn mint relies on `T: 'a`";

/// Invariant: CHECK-12
#[test]
fn assumed_bounds_excuse_no_result() {
    refuses(&[
        // The type may belong to another crate, to another module, or to the prelude.
        (
            "pub mod m { pub struct Own<'x, T>(PhantomData<(&'x (), T)>); }
             impl<'x, T: Default> m::Own<'x, T> { fn mint<'a>(_: &'a &'x ()) -> &'a T { x() } }",
            MINT,
        ),
        (
            "pub mod d { pub struct Own<'x, T>(&'x T); } struct Own<'x, T>(PhantomData<(&'x (), T)>);
             impl<'x, T: Default> Own<'x, T> { fn mint<'a>(_: &'a &'x ()) -> &'a T { x() } }",
            MINT,
        ),
        (
            "use dep::Own; mod d { pub struct Own<T: 'static>(T); }
             impl<T: Default> Mint for Own<T> { fn mint<'a>(_: &'a ()) -> &'a T { x() } }",
            MINT,
        ),
        (
            "mod d { pub struct Option<T: 'static>(T); }
             impl<T: Default> Mint for Option<T> { fn mint<'a>(_: &'a ()) -> &'a T { x() } }",
            MINT,
        ),
        // The name of an alias may also mean another alias.
        (
            "mod d { pub type Al<T> = (T,); } type Al<T> = fn() -> [T; 0]; mod e { pub type Al<T> = (); }
             fn mint<'a, T: Default>(_: &'a Al<T>) -> &'a T { x() }",
            MINT,
        ),
        (
            "mod d { pub type Al<'a, T> = &'a T; } type Al<'a, T> = &'a ();
             fn mint<'a, T: Default>(_: Al<'a, T>) -> &'a T { x() }",
            MINT,
        ),
        (
            "mod d { pub type Al<'a, T> = &'a T; } type Al<'a, T> = &'a (); struct Own<'a, T>(PhantomData<(&'a (), T)>);
             impl<'a, T: Default> Tr<Al<'a, T>> for Own<'a, T> { fn mint<'b>(_: &'b &'a ()) -> &'a T { x() } }",
            MINT,
        ),
        // The type is under a binder, written or elided, or inside a projection.
        (
            "fn mint<'a, T: Default>(_: for<'x> fn(&'a (T, &'x ()))) -> &'a T { x() }",
            MINT,
        ),
        (
            "fn mint<'a, T: Default>(_: fn(&()) -> &'a (T, fn())) -> &'a T { x() }",
            MINT,
        ),
        (
            "fn mint<'a, T: Default>(_: Box<dyn Fn(&u8) -> &'a T>) -> &'a T { x() }",
            MINT,
        ),
        (
            "fn mint<'a, T: Default>(_: Box<dyn for<'x> Tr<&'a (T, &'x ())>>) -> &'a T { x() }",
            MINT,
        ),
        (
            "fn mint<'a, T: Default>(_: (&'a (), <&'a T as Always>::Of)) -> &'a T { x() }",
            MINT,
        ),
        (
            "fn mint<'a, T: Default>(_: (&'a (), <() as Always<&'a T>>::Of)) -> &'a T { x() }",
            MINT,
        ),
        // The type is at a place where a value with a shorter lifetime passes.
        (
            "struct Own<'a, T: 'a>(fn(&'a ()), PhantomData<T>);
             fn mint<'a, T: Default>(_: Own<'a, T>) -> &'a T { x() }",
            MINT,
        ),
        (
            "fn mint<'a, T: Default>(_: fn(&'a T)) -> &'a T { x() }",
            MINT,
        ),
        // The bounded type is the result of a closure, an iterator or a future.
        (
            "fn mint<'a, X: FnOnce() -> T, T: Default>(_: &'a X) -> &'a X::Output { x() }",
            MINT,
        ),
        (
            "fn mint<'a, X: FnOnce()>(_: &'a X) -> &'a X::Output { x() }",
            "`X::Output` outlives `'a`",
        ),
        (
            "trait Gives<T> { type Of; } fn mint<'a, X: Gives<T>, T>(_: &'a X) -> &'a X::Of { x() }",
            MINT,
        ),
    ]);
}

/// Invariant: CHECK-12
#[test]
fn proved_bounds_excuse_a_result() {
    accepts(&[
        "struct Own<T>(T); impl<T> Own<T> { fn get(&self) -> &T { &self.0 } fn put(&mut self) -> &mut T { x() } }",
        "struct Iter<'a, T>(&'a [T]); impl<'a, T> Iterator for Iter<'a, T> { type Item = &'a T; fn next(&mut self) -> Option<&'a T> { x() } }",
        "mod a { pub struct Own<'x, T>(&'x T); } mod b { pub struct Own<'x, T>(&'x T); }
         impl<'x, T> self::a::Own<'x, T> { fn get(&self) -> &'x T { x() } }",
        "type Al<T> = Own<T>; struct Own<T>(T); fn get<T>(it: &Al<T>) -> &T { x() }",
        "fn get<'a, T>(it: &'a dyn View<T>) -> &'a str { x() } trait View<T> {}",
        "struct Calls<'a, T>(Box<dyn Fn(&u8) -> u8>, &'a T); fn get<'a, T>(it: &Calls<'a, T>) -> &'a T { it.1 }",
        "trait Dev { type Error; fn error(&self) -> &Self::Error; }
         struct Own<D: Dev>(D); impl<D: Dev> Own<D> { fn error(&self) -> &D::Error { self.0.error() } }",
        "fn get<'a, X: Iterator<Item = T>, T>(_: &'a X, it: &'a X::Item) -> &'a X::Item where T: 'a { it }",
    ]);
}

/// Invariant: CHECK-12
#[test]
fn an_unproved_guard_or_place_excuses_nothing() {
    refuses(&[
        (
            "trait Peel { type Of; } impl<'x, X> Peel for &'x X { type Of = X; }
             fn give<'a, T: Num>(_: Option<&'a T>, it: <&'a T as Peel>::Of) -> Box<dyn Num + 'a> { x() }",
            T,
        ),
        (
            "fn give<'a, T>(x: (&'a (), <&'a T as Unref>::Of)) -> &'a T { x() }",
            T,
        ),
        (
            "trait Num {} struct Own<T: 'static>(T); fn give<T: Num>(x: <Own<T> as Unref>::Of) -> Box<dyn Num> { x() }",
            "relies on `T: 'static`",
        ),
        (
            "struct Own<'a, T: 'a>(fn(&'a ()), T); fn give<'a, T: Num>(own: Own<'a, T>) -> Box<dyn Num + 'a> { x() }",
            T,
        ),
        (
            "struct Own<'a, I: Iterator<Item = &'a u8>, T: 'a>(I, T);
             fn give<'a, I: Iterator<Item = &'a u8>, T: Num>(own: Own<'a, I, T>) -> Box<dyn Num + 'a> { x() }",
            T,
        ),
        (
            "struct Sink<T>(fn(T)); type Al<'a> = Sink<&'a ()>; struct Own<'a, T: 'a>(Al<'a>, T);
             fn give<'a, T: Num>(own: Own<'a, T>) -> Box<dyn Num + 'a> { x() }",
            T,
        ),
        (
            "fn give<'a, X, T: Num>(fill: fn(X, &'a Cell<Option<T>>), x: X) -> Box<dyn Num + 'a> { x() }",
            T,
        ),
    ]);
    accepts(&[
        "trait Num {} struct Own<'a, T: 'a>(&'a (), T); fn give<'a, T: Num>(own: Own<'a, T>) -> Box<dyn Num + 'a> { x() }",
        "fn each<T>(all: &[T], f: impl Fn(&T)) { x() }",
        "fn find<'a, T>(all: &'a [T], f: impl Fn(&T) -> bool) -> Option<&'a T> { x() }",
    ]);
}

/// Invariant: CHECK-11
#[test]
fn bounds_say_what_a_projection_is() {
    let b = "relies on `'b: 'a`";
    refuses(&[
        (
            "fn give<'a, 'b, X: Iterator<Item = &'b u64>>(_: Option<&'a X::Item>, x: &'b u64) -> &'a u64 { x }",
            b,
        ),
        (
            "fn give<'a, 'b, X>(_: Option<&'a <X as Iterator>::Item>, x: &'b u64) -> &'a u64 where X: Iterator<Item = &'b u64> { x }",
            b,
        ),
        (
            "fn give<'a, 'b, X: FnOnce() -> &'b u64>(_: Option<&'a X::Output>, x: &'b u64) -> &'a u64 { x }",
            b,
        ),
        (
            "trait Sub<'b>: Iterator<Item = &'b u64> {}
             fn give<'a, 'b, X: Sub<'b>>(_: Option<&'a X::Item>, x: &'b u64) -> &'a u64 { x }",
            b,
        ),
        (
            "trait Sub<'b>: Iterator<Item = &'b u64> { fn give<'a>(_: Option<&'a Self::Item>, x: &'b u64) -> &'a u64 { x } }",
            b,
        ),
        (
            "trait Sub<'b>: Iterator<Item = &'b u64> { fn f() { let give = |_: Option<&'static Self::Item>, x: &'b u64| -> &'static u64 { x }; } }",
            "relies on `'b: 'static`",
        ),
        (
            "impl<X: Iterator<Item = R>, R> Gives for Own<X> { type Of = R; }
             fn give<'a, 'b, X: Iterator<Item = &'b u64>>(_: Option<&'a <Own<X> as Gives>::Of>, x: &'b u64) -> &'a u64 { x }",
            b,
        ),
        (
            "fn give<'a, 'b, X>(_: Option<&'a <u8 as Gives<X>>::Of>, x: &'b u64) -> &'a u64 where u8: Gives<X, Of = &'b u64> { x }",
            b,
        ),
        (
            "fn give<'a, 'b, X: Same<Of = Y>, Y: Iterator<Item = &'b u64>>(_: Option<&'a <X::Of as Iterator>::Item>, x: &'b u64) -> &'a u64 { x }",
            b,
        ),
        (
            "type Al<'a, X> = Option<&'a <X as Iterator>::Item>;
             fn give<'a, 'b, X: Iterator<Item = &'b u64>>(_: Al<'a, X>, x: &'b u64) -> &'a u64 { x }",
            b,
        ),
        (
            "struct Kept<'a, X: Iterator<Item = T>, T>(&'a X::Item);
             fn give<'a, 'b, X>(_: Option<Kept<'a, X, &'b u64>>, x: &'b u64) -> &'a u64 { x }",
            b,
        ),
    ]);
    accepts(&[
        // The bound on the type of `f` says nothing about `D`.
        "struct Own<D: Dev>(D); trait Dev { type Error; }
         impl<D: Dev> Own<D> { fn with<R>(&self, f: impl FnOnce() -> R) -> &D::Error { x() } }",
        // The lifetime `'x` belongs only to the bound that binds it.
        "trait Dev { type Error; } fn f<'a, D: Dev + for<'x> Fn(&'x u8) -> &'x u8>(d: &'a D, e: &'a D::Error) {}",
    ]);
}

/// Invariant: CHECK-11
#[test]
fn aliases_are_expanded_in_all_places() {
    let stands = "relies on `'b: 'static`";
    refuses(&[
        (
            "mod z { pub type A<'c, 'd> = (Option<&'static &'d ()>, &'c ()); } mod y { pub type B<'b> = super::z::A<'b, 'b>; }
             type A<'b> = y::B<'b>; fn give<'b>(_: A<'b>, x: &'b u64) -> &'static u64 { x }",
            stands,
        ),
        (
            "type Al<T, U> = (Option<&'static T>, U); fn give<'b>(_: Al<(), Al<&'b (), ()>>, x: &'b u64) -> &'static u64 { x }",
            stands,
        ),
        (
            "type V<'b> = Option<&'static &'b ()>; type Al<'b> = V<'b>;
             fn give<'b, V>(_: Al<'b>, x: &'b u64, _: V) -> &'static u64 { x }",
            stands,
        ),
        (
            "trait Keeps<'b>: 'b {} type R<'a, 'c, T: 'c> = (&'a T, [&'c (); 0]);
             fn put<'a, 'b, 'c>(to: R<'a, 'c, dyn Keeps<'b>>, it: &'c u64) { x() }",
            "relies on `'c: 'b`",
        ),
        // An elided lifetime in an alias's argument is the same lifetime at each place where the alias uses the
        // argument.
        (
            "type W<T> = (Option<&'static T>, T); fn f() { let give = |p: W<&u64>| -> &'static u64 { p.1 }; }",
            "relies on `'_: 'static`",
        ),
        (
            "type W<T> = (Option<&'static T>, T); impl Get for (W<&u64>,) { fn get(self) -> &'static u64 { x() } }",
            "relies on `'_: 'static`",
        ),
        (
            "type W<T> = (Option<&'static T>, T); impl<'q> Get for &'q mut (W<&u64>,) { fn get(self) -> &'static u64 { x() } }",
            "relies on `'_: 'static`",
        ),
        (
            "type W<T> = (Option<&'static T>, T); fn f() { let give = |p: W<_>| -> &'static u64 { p.1 }; }",
            "could not be read",
        ),
        (
            "type W<T> = (Option<&'static T>, T); fn f(all: impl Iterator<Item = W<&u64>>) { x() }",
            "could not be read",
        ),
        (
            "type Al<T> = Al<T>; fn f<'a, T>(_: &'a Al<T>) {}",
            "could not be read",
        ),
    ]);
    accepts(&[
        "type Result<T> = core::result::Result<T, Error>; fn f(x: &[u8]) -> Result<&[u8]> { x() }",
    ]);
}

/// Invariant: CHECK-11
#[test]
fn the_check_follows_imported_names() {
    refuses(&[
        (
            "use alloc::vec::{self}; use crate::vec::Drain; mod d { pub struct Drain<'a, T>([T; 0], [&'a (); 0]); }
             fn give<'a, 'b>(_: Option<Drain<'a, &'b u64>>, x: &'b u64) -> &'a u64 { x }",
            "relies on `'b: 'a`",
        ),
        (
            "use alloc::vec::{self}; mod n { use crate::vec::*; } mod d { pub struct Drain<'a, T>([T; 0], [&'a (); 0]); }
             fn give<'a, 'b>(_: Option<Drain<'a, &'b u64>>, x: &'b u64) -> &'a u64 { x }",
            "relies on `'b: 'a`",
        ),
        (
            "use crate::m::Own::{self as Other}; mod m { pub enum Own<'b> where 'b: 'static { No([&'b (); 0]) } }
             fn give<'b>(_: Option<Other<'b>>, x: &'b u64) -> &'static u64 { x }",
            "relies on `'b: 'static`",
        ),
        (
            "use dep::Server; mod d { pub trait Server {} }
             fn give<'a>(_: Option<Box<dyn Server + 'a>>, it: &'a u64) -> &'static u64 { it }",
            "relies on `'a: 'static`",
        ),
        (
            "use dep::Server as Other; mod d { pub trait Server {} }
             fn give<'a>(_: Option<Box<dyn Other + 'a>>, it: &'a u64) -> &'static u64 { it }",
            "relies on `'a: 'static`",
        ),
        (
            "use dep::Server; mod d { pub trait Server {} } trait Own: Server {}
             fn give<'a>(_: Option<Box<dyn Own + 'a>>, it: &'a u64) -> &'static u64 { it }",
            "relies on `'a: 'static`",
        ),
        (
            "impl<'b> Own<'b> { fn give<'_2>(&self, x: &'b u64) -> &u64 where 'b: '_2 { x } }",
            "the lifetime '_2 has a name",
        ),
        (
            "fn f(_: for<'_x> fn(&'_x u8)) {}",
            "the lifetime '_x has a name",
        ),
    ]);
    accepts(&[
        "trait Server {} fn give<'a>(_: Option<Box<dyn Server + 'a>>, it: &'a u64) -> &'a u64 { it }",
        "fn f() { '_outer: loop { break '_outer; } }",
    ]);
}

/// Invariant: CHECK-11
#[test]
fn values_may_move_between_a_clauses_types() {
    refuses(&[
        (
            "fn give<'a, X, T: Num>(_: Option<&'a T>, x: X) -> Box<dyn Num + 'a> where (X, Option<T>): Conv { x() }",
            T,
        ),
        (
            "fn give<'a, 'b>(_: &'a &'b (), x: &'b u64) -> Option<Box<dyn Num>> where (&'a u64, Held): Conv { x() }",
            "relies on `'b: 'a`",
        ),
        (
            "impl<'a> Own<'a> where (&'a u64, Held): Conv { fn give<'b>(_: &'a &'b (), x: &'b u64) -> Option<Box<dyn Num>> { x() } }",
            "relies on `'b: 'a`",
        ),
        // A trait's methods may use the trait itself like such a clause: `self.make()` returns a `T`.
        (
            "trait Tr<T: Num> { fn make(&self) -> T; fn give<'a>(&self, _: Option<&'a T>) -> Box<dyn Num + 'a> { x() } }",
            T,
        ),
        (
            "trait Tr<'a> { fn put(x: &'a u64); fn give<'b>(_: &'a &'b (), x: &'b u64) { x() } }",
            "relies on `'b: 'a`",
        ),
        (
            "trait Tr<X>: Sized + Num { fn make(x: X) -> Self; fn give<'a>(_: Option<&'a Self>, x: X) -> Box<dyn Num + 'a> { x() } }",
            "relies on `Self: 'a`",
        ),
    ]);
    accepts(&[
        "trait Dev { type Error; } fn name<'a, D: Dev>(d: &'a D) -> &'a str where D::Error: Debug { d.name() }",
        "trait Handler<T> { fn name(&self) -> &str; fn handle(&mut self, it: T); fn next(self) -> Option<Self::Of>; type Of; }",
    ]);
}

/// Invariant: CHECK-11
#[test]
fn types_inside_a_type_use_its_parameters() {
    refuses(&[
        (
            "struct Own<T: Num, F: for<'a, 'c> Fn(Option<&'a T>, T, &'c ()) -> Box<dyn Num + 'a>>(F, PhantomData<T>);",
            T,
        ),
        (
            "struct Own<T, F>(F, PhantomData<T>) where F: for<'a> Fn(Option<&'a T>, T) -> Box<dyn Num + 'a>;",
            T,
        ),
        (
            "type Give<T> = for<'a> fn(Option<&'a T>, T) -> Box<dyn Num + 'a>;",
            T,
        ),
        (
            "enum Own<T> { One(for<'a> fn(Option<&'a T>, T) -> Box<dyn Num + 'a>) }",
            T,
        ),
        (
            "impl Tr for u8 { type Give<T> = for<'a> fn(Option<&'a T>, T) -> Box<dyn Num + 'a>; }",
            T,
        ),
        (
            "fn f() { struct Own<T> { f: for<'a> fn(Option<&'a T>, T) -> Box<dyn Num + 'a> } }",
            T,
        ),
    ]);
    accepts(&[
        "struct Own<T, const N: usize = { 1 }> where T: Fn(&u8) -> u8 { f: T, all: [u8; N] } fn after<'a>(x: &'a u8) -> &'a u8 { x }",
        "struct Two<'a, T>(fn(&'a T) -> bool, &'a T) where T: 'a; enum None {} union Bits { a: u8 }",
    ]);
}
