//! Spellings of the hole (rustc issue 25860), each accepted by the compiler, and everyday code of domains.

mod spellings;

use super::check;
use super::code::tests::everywhere;

fn findings(source: &str) -> Vec<String> {
    let findings = check(source.parse().expect("Rust's tokens"));
    findings.iter().map(ToString::to_string).collect()
}

/// Invariant: CHECK-11, CHECK-16
#[test]
fn every_spelling_of_the_hole_is_refused() {
    let mut missed = Vec::new();
    for (source, bound) in spellings::all() {
        for source in std::iter::once((*source).to_owned()).chain(everywhere(source)) {
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

/// Invariant: CHECK-16
#[test]
fn outliving_parameters_name_associated_types() {
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

/// Invariant: CHECK-16
#[test]
fn named_associated_types_pass() {
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

/// Invariant: AUTH-15
#[test]
fn an_impl_that_overlaps_with_objects_is_refused() {
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
    for source in [
        "trait Q: core::borrow::Borrow<u8> {}",
        "use core::borrow::BorrowMut as B; trait Q where Self: Send + B<u8> {}",
    ] {
        let found = findings(source);
        assert!(
            found.iter().any(|it| it.contains("an object of Q")),
            "{source}: {found:?}"
        );
    }
    for (source, refused) in [
        ("trait Q<T> {} trait S<T>: Q<T> + Q<u8> {}", true),
        (
            "trait Q<const N: u8> {} use Q as R; trait S where Self: Q<1> + R<2> {}",
            true,
        ),
        (
            "trait Q<'a> {} trait M<'a>: Q<'a> {} trait S<'a>: M<'a> + Q<'static> {}",
            true,
        ),
        ("trait S<'a>: Fn(&'a u8) + Fn(u8) {}", true),
        ("trait S<T>: Fn(T) + FnMut(u8) {}", true),
        (
            "use core::ops::IndexMut as M; trait Index<T> {} trait S<T>: M<T> + core::ops::Index<u8> {}",
            true,
        ),
        (
            "mod m { pub trait S<T>: super::Q<T> {} } trait Q<T> {} trait S<T>: m::S<T> + Q<u8> {}",
            true,
        ),
        (
            "trait Q<T> {} trait S<T>: Q<T> + Fn(T) + Add<Output = u8> + Sub<Output = u8> {}",
            false,
        ),
        (
            "trait Q<T = u8> {} trait M: Q {} trait N: Q {} trait S: M + N {}",
            true,
        ),
        (
            "trait Q {} trait M: Q {} trait N: Q + Send {} trait S: M + N + Iterator<Item = u8> {}",
            false,
        ),
    ] {
        let found = findings(source);
        let is_found = found
            .iter()
            .any(|it| it.contains("twice among its supertraits"));
        assert_eq!(is_found, refused, "{source}: {found:?}");
    }
    let namesakes = "mod m { trait A {} trait B: A {} } trait B {} trait A: B {}";
    assert!(findings(namesakes).is_empty());
    let ways: String = (1..40)
        .map(|at| {
            format!(
                "trait A{at}: B{at} + C{at} {{}} trait B{at}: A{} {{}} trait C{at}: A{} {{}}",
                at - 1,
                at - 1
            )
        })
        .collect();
    assert!(findings(&ways).iter().any(|it| it.contains("ways or more")));
    for header in ["Q<'a>", "Q<T>", "Q<const N: u8>"] {
        let of = header.replace("const N: u8", "1").replace("'a", "'_");
        let source = format!("trait {header} {{}} impl<T: ?Sized> {of} for T {{}}");
        let found = findings(&source);
        assert!(
            found.iter().any(|it| it.contains("dyn Q")),
            "{source}: {found:?}"
        );
        let source = source.replace("?Sized", "Copy");
        assert!(
            !findings(&source).iter().any(|it| it.contains("dyn Q")),
            "{source}"
        );
    }
}

/// Invariant: CHECK-11
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

/// Invariant: CHECK-11
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

/// Invariant: CHECK-11
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

/// Invariant: CHECK-11
#[test]
fn everyday_code_of_domains_passes() {
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
