//! Forms that are refused, and forms that pass.

use crate::lifetimes::check;
use crate::lifetimes::code::tests::everywhere;

fn findings(source: &str) -> String {
    let findings = check(source.parse().expect("Rust's tokens"));
    let all: Vec<_> = findings.iter().map(ToString::to_string).collect();
    all.join("\n")
}

/// Each source is refused with these words, at the root and wherever else it may stand.
fn refused(sources: &[(&str, &str)]) {
    refused_at_the_root(sources);
    for (source, says) in sources {
        let missed: Vec<_> = everywhere(source)
            .filter(|it| !findings(it).contains(*says))
            .collect();
        assert!(
            missed.is_empty(),
            "{says:?} is not said: {}",
            missed.join("\n")
        );
    }
}

fn refused_at_the_root(sources: &[(&str, &str)]) {
    let each = sources
        .iter()
        .map(|(source, says)| (source, says, findings(source)));
    let missed: Vec<_> = each
        .filter(|(_, says, found)| !found.contains(*says))
        .map(|(source, says, found)| format!("{source}: {says:?} is not said: {found}"))
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// No source is refused.
fn accepted(sources: &[&str]) {
    let each = sources.iter().map(|source| (source, findings(source)));
    let wrong: Vec<_> = each
        .filter(|(_, found)| !found.is_empty())
        .map(|(source, found)| format!("{source}: {found}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_cannot_be_read_is_not_understood() {
    refused(&[
        ("fn f( {} )", "could not be read"),
        ("fn f() { new_syntax! { } }", "the macro new_syntax!"),
        (
            "fn f() { builtin # type_ascribe(x, u8); }",
            "an expression is not known",
        ),
        (
            "fn f() { format_args!(\"{}\", #) }",
            "the macro format_args!",
        ),
        ("type T = m!(); fn f(x: T) {}", "a type is not known"),
        ("fn f(x: m!()) {}", "a type is not known"),
        ("fn f() { let m!() = x; }", "a pattern is not known"),
        ("trait A = B + C;", "an alias of a trait"),
        ("fn f<T: ~const Tr>() {}", "not-understood"),
    ]);
    accepted(&[
        "fn f() { builtin # offset_of(Self, field); ; format_args!(\"{0} {x}\", y, x = z); }",
        "macro_rules! m { ($($t:tt)*) => { $($t)* new_syntax! {} } }",
    ]);
}

#[test]
fn a_guard_changes_nothing_of_what_is_matched() {
    for (guard, says) in [
        ("{ false }", "a block"),
        ("{ it = x; false }", "a block"),
        ("() == (it = x)", "assigns"),
        ("() == (it.0 += 1)", "assigns"),
        ("f(&mut x)", "borrows for writing"),
        ("f(&raw mut x)", "borrows for writing"),
        ("panic!()", "a macro"),
        ("let Some(_) = x", "a `let`"),
        ("return", "more than comparisons"),
        ("if x { true } else { false }", "more than comparisons"),
        ("loop {}", "more than comparisons"),
        ("(move || it.0 == 1)()", "more than comparisons"),
        ("match x { _ => it.set() }", "a match with a body"),
        ("it.set()", "hands `it`"),
        ("it.0.set()", "hands `it`"),
        ("it[x].set()", "hands `it`"),
        ("(*it.0).set()", "hands `it`"),
        ("set(it)", "hands `it`"),
        ("set((it.0, 1))", "hands `it`"),
        ("set(S { x: it })", "hands `it`"),
        ("S { x: it.0 } + 1", "hands `it`"),
        ("a.b(|x| it.set(x))", "hands `it`"),
        ("(it.0)(1)", "hands `it`"),
        ("!it.0.pop().is_none()", "hands `it`"),
        (
            "matches(x) && match it.1 { A if it.set() => true, _ => false }",
            "hands `it`",
        ),
        ("x == i.next()", "hands `i`"),
        // What an operator takes may borrow them again.
        ("!(it as &mut S)", "hands `it`"),
        ("(it.0 as &mut S) + 1", "hands `it`"),
        ("set(it as &mut S)", "hands `it`"),
        ("[x, it] + y", "hands `it`"),
        ("-(x..it)", "hands `it`"),
        ("((x, it)) + y", "hands `it`"),
        // The domain's own function of that name may write.
        ("it.len() == 0", "hands `it`"),
    ] {
        let source = format!(
            "impl S {{ fn len(&mut self) -> usize {{ 0 }} }} fn f() {{ match it.0[i] {{ A if {guard} => 0, _ => 1 }} }}"
        );
        // A macro is one that was left over, too.
        let found = findings(&source);
        let says = format!(
            "a match guard {}",
            if says.starts_with("hands") || says == "assigns" || says.starts_with("borrows") {
                says.to_owned()
            } else {
                format!("has {says}")
            }
        );
        assert!(
            found.contains(&says),
            "{source}: {says:?} is not said: {found}"
        );
    }
    for guard in [
        "x",
        "it.0 == 1 && !it.1 || it.2[3] > 4",
        "it.0.len() == 1 && it.1.is_empty()",
        "x.set() && set(&it.0, it.1 == 2) && x.is_some_and(|y| y.z(&it))",
        "(1..=it.0).contains(&x) && it.0 as u8 == -1",
        "match it.0 { A | B if it.1 => true, _ => false }",
        "match it.0 { A(ref x) | B { x: ref x, .. } if *x == 1 => true, C(1..=2, _) | x => false }",
        "match &it.0 { A(x) if *x == 1 => true, _ => false }",
        "!*it && -it.0 < 0 && it.0 + 1 > (it.1 as u8) + 2 && !(it.0 == 1) && !(*it.0)",
    ] {
        accepted(&[&format!(
            "fn f() {{ match it.0 {{ A(x) if {guard} => 0, _ => 1 }} }}"
        )]);
    }
}

#[test]
fn an_index_changes_nothing_of_what_is_indexed() {
    for (index, says) in [
        ("{ it = x; 0 }", "a block"),
        ("{ return; 0 }", "a block"),
        ("return", "more than comparisons"),
        ("f(x)?", "more than comparisons"),
        ("if x { 1 } else { 2 }", "more than comparisons"),
        ("(|| { it = x; 0 })()", "a block"),
        ("change(&mut it)", "borrows for writing"),
        ("change(&raw mut it)", "borrows for writing"),
        ("change(it)", "hands `it`"),
        ("it.take()", "hands `it`"),
        ("it.0.next()", "hands `it`"),
        ("x[it.take()]", "hands `it`"),
        ("(x, it += 1).0", "assigns"),
        ("(match it { [_x] => false }) as usize", "hands `it`"),
        (
            "(match it.0 { A { x } => false, _ => true }) as usize",
            "hands `it`",
        ),
        (
            "(match it { A(ref mut x) => false, _ => true }) as usize",
            "hands `it`",
        ),
        (
            "(match it { x @ [_y] | x @ [_y, _] => false }) as usize",
            "hands `it`",
        ),
        (
            "(match (it, x) { (_, 1) | (A(_), _x) => false }) as usize",
            "hands `it`",
        ),
        ("m!()", "a macro"),
        ("..{ it = x; 0 }", "a block"),
    ] {
        for place in [
            "it[INDEX]",
            "it[0][x.y][INDEX].z",
            "(*it.0)[x][INDEX][y]",
            "it[INDEX] = z",
            "&mut it[INDEX]",
        ] {
            let source = format!("fn f() {{ {}; }}", place.replace("INDEX", index));
            let found = findings(&source);
            let is_said = found.contains("an index ") && found.contains(says);
            assert!(is_said, "{source}: {says:?} is not said: {found}");
        }
    }
    let operator = "impl Sub<&mut It> for X { fn sub(self, it: &mut It) -> usize { 0 } }";
    for index in [
        "X - it",
        "X - (it)",
        "(1 + (X - it)) as usize",
        "X - (x, it).1",
    ] {
        let source = format!("{operator} fn f() {{ it[0][{index}]; }}");
        refused(&[(&source, "an index hands `it`")]);
        let source = source.replace("it: &mut It", "it: It");
        refused(&[(&source, "an index hands `it`")]);
    }
    for name in [
        "type u64<'a> = &'a mut It;",
        "use m::It as u64;",
        "use m::u64;",
    ] {
        let operator = operator.replace("it: &mut It", "it: u64");
        let source = format!("{name} {operator} fn f() {{ it[0][X - it]; }}");
        refused(&[(&source, "an index hands `it`")]);
    }
    accepted(&[
        "impl Sub<u8> for X { fn sub(self, it: u8) -> usize { 0 } } impl Add<&Y> for X { fn add(self, it: &Y) {} } fn f() { it[0][it.n - it.m]; }",
        "impl Add<Y> for X { fn add(self, y: Y) {} } fn f() { it[i][i + 1]; it[i][1 - i]; it[n][x - y] }",
        "fn f() { it[i]; it[i][i]; it[it.len() - 1]; it[..n.min(m)]; it[1..][usize::from(x.y) & MASK]; it[other[i] as usize]; }",
        "fn f() { g(x)[y.next()][z.take()]; it[x.iter().position(|y| y.z(1)).unwrap_or(0)]; }",
    ]);
}

#[test]
fn no_impl_projects_where_lifetimes_are_bound() {
    for header in [
        "impl<P> T for (P, fn(<(P, Formatter) as A>::Is)) {}",
        "impl<P> T<fn(<(P, Formatter) as A>::Is)> for P {}",
        "impl<P: A> T for (P, W<for<'x> fn(&'x u8) -> P::Is>) {}",
        "impl<P: A> T for (P, fn(W<P::Is>)) {}",
        "impl<P> T for (P, Box<dyn for<'x> S<'x, What = <(P, &'x u8) as A>::Is>>) {}",
        "impl<P> T for Box<dyn for<'x> S<<(P, &'x u8) as A>::Is>> {}",
        "impl<P: A> T for Box<dyn Fn(Formatter) -> P::Is> {}",
        "impl<P: A> T for fn(Box<dyn S<What = P::Is>>) {}",
        "impl<P> T for P { type By = fn(<(P, Formatter) as A>::Is); }",
        "impl<P> T for P { type By<Q: A> = fn(Q::Is); }",
        "impl T for One { type By = One; type To = fn(Self::By); }",
        "impl<P, Q: Made<By = fn(<(P, Formatter) as A>::Is)>> T for (P, Q) {}",
        "impl<P, Q> T for (P, Q) where Q: Is<fn(<(P, Formatter) as A>::Is)> {}",
        "impl<P, Q> T for (P, Q) where fn(<(P, Formatter) as A>::Is): Is<Q> {}",
        "impl<P, Q> T for (P, Q) where for<'x> Q: Is<dyn S<What = <(P, &'x u8) as A>::Is>> {}",
        "type F<P> = fn(<(P, Formatter) as A>::Is); impl<P> T for (P, F<P>) {}",
        "type F<P> = fn(<(P, Formatter) as A>::Is); type G<P> = W<F<P>>; impl<P> T for (P, G<P>) {}",
        "type F<P> = fn(P); impl<P> T for P { type By = F<<(P, Formatter) as A>::Is>; }",
        "mod m { pub type F<P> = fn(<(P, Formatter) as A>::Is); } use m::F as G; impl<P> T for (P, G<P>) {}",
        "fn f() { impl<P> T for (P, fn(<(P, Formatter) as A>::Is)) {} }",
    ] {
        refused(&[(header, "unsafe-code: an impl of T names")]);
    }
    accepted(&[
        "impl<P> T<P> for P { type By = fn(&P) -> P; } impl T for dyn S<'_, What = u8> {}",
        "type A<P> = P; type B<I> = <I as Iterator>::Item; impl<I: Iterator<Item = R>, R> Iterator for By<I> { type Item = B<I>; } impl<P> T<A<P>> for P {}",
        "impl<I: Iterator<Item = T>, T, R, F: FnMut(T) -> R> Iterator for Mapped<I, F, R> { type Item = R; }",
        "impl<I: Iterator<Item = R>, R> Iterator for Boxed<I> { type Item = I::Item; }",
        "impl<'a> Lends<'a> for Own { type Item = u8; type All = Box<dyn Iterator<Item = Self::Item> + 'a>; }",
        "impl<P> T for P where for<'x> <(P, &'x u8) as A>::Is: Clone {}",
    ]);
}

#[test]
fn a_header_binds_no_lifetimes_and_projects_nothing() {
    for header in [
        "impl T for fn(u8) {}",
        "impl T<fn(u8)> for One {}",
        "impl T for Box<for<'x> fn(&'x u8)> {}",
        "impl T for Box<dyn Fn(u8) -> u8> {}",
        "impl T for dyn for<'x> S<'x> {}",
        "impl<P: A> T for (P, P::Is) {}",
        "impl<P: A> T<<P as A>::Is> for P {}",
        "type F = fn(); impl T for (F,) {}",
        "type F = fn(); type G<X> = (F, X); impl T<G<u8>> for One {}",
        "type F<X> = <X as A>::Is; impl<P> T<F<P>> for P {}",
    ] {
        refused(&[(header, "names a type in its header that ")]);
    }
}

#[test]
fn what_is_matched_is_told_from_values() {
    accepted(&[
        "fn f() { match it.next() { A if it.set() => 0, _ => 1 } }",
        "fn f() { match (it.0, it.1) { (A, _) if it.set() => 0, _ => 1 } }",
        "fn f() { match it { it if it.set() => 0, _ => 1 } }",
        "macro_rules! m { () => { other } } fn f() { match it { it if it.set() => 0, _ => 1 } }",
    ]);
    refused(&[
        (
            "fn f() { match (it) { A if it.set() => 0, _ => 1 } }",
            "hands `it`",
        ),
        (
            "fn f(&mut self) { match *self.0 { A if self.set() => 0, _ => 1 } }",
            "hands `self`",
        ),
        (
            "macro_rules! m { () => { it } } fn f() { match it { it if it.set() => 0, _ => 1 } }",
            "hands `it`",
        ),
        (
            "fn f() { format_args!(\"{}\", match it { A if it.set() => 0, _ => 1 }) }",
            "hands `it`",
        ),
        (
            "fn f() { x(|| match it { A if it.set() => 0, _ => 1 }) }",
            "hands `it`",
        ),
    ]);
}

#[test]
fn an_impl_is_for_a_type_by_its_own_name() {
    refused(&[
        ("impl<U> O<U> for <One as Named>::Name {}", "dyn O"),
        ("impl<T: Named> O<T> for (T::Name) {}", "dyn O"),
        ("mod m { pub type A = u8; } impl O for m::A {}", "dyn O"),
        ("type A = u8; use A as B; impl O for B {}", "dyn O"),
        ("fn f() { impl O for <One as Named>::Name {} }", "dyn O"),
    ]);
    accepted(&[
        "impl O for One {} impl<T> O for m::Box<T> {} impl O for dyn Other {} impl O for [u8] {} impl O for (u8, u8) {}",
        "type A = u8; impl O<A> for One { type Out = A; } impl From<A> for One {}",
    ]);
}

#[test]
fn an_impls_parameters_stand_in_its_header() {
    refused(&[
        (
            "impl<'a> R for () where for<'b> &'b u64: S<'a> {}",
            "`for<'any> &'any T: Trait<'a>`",
        ),
        ("impl<'a, T> R for T where T: S<'a> {}", "has 'a in neither"),
        (
            "impl<'a> R<<() as P<'a>>::X> for () {}",
            "has 'a in neither",
        ),
        (
            "type A<'a> = u8; impl<'a> R<A<'a>> for () {}",
            "has 'a in neither",
        ),
        (
            "impl<R, F: Fn() -> R> Returns for F { type Returned = R; }",
            "associates R, which",
        ),
        (
            "impl<R, F: Fn() -> R> Deref for By<F> { type Target = Option<R>; }",
            "associates R, which",
        ),
        (
            "impl<I: Iterator> IntoIterator for Mine<I> { type Item = u8; type IntoIter = Once<I::Item>; }",
            "projected from I",
        ),
        (
            "impl<R, F: Fn() -> R> Show for By<F> { fn show(&self) -> u64 { 0 } }",
            "calls a function for R",
        ),
        ("impl<B> ToOwned for By<B> { type Owned = B; }", "ToOwned"),
        (
            "use alloc::borrow::ToOwned as T; impl T for One { type Owned = u8; }",
            "ToOwned",
        ),
    ]);
    accepted(&[
        "impl<'a> R for S<'a> {} impl<'a> R<'a> for S {} impl<'a> R for &'a S {} impl R for S<'_> {}",
        "impl<'a, T> R for dyn Tr<'a, T> {}",
        "impl<R, F: Fn() -> R> Show for By<F, R> { fn show(&self) -> u64 { 0 } } impl<R, F: Fn() -> R> By<F> {}",
        "impl<F> By<F> { fn show<R>(&self) where F: Fn() -> R {} }",
        "struct Bag<T>(T); struct Iter<'a, T>(&'a T); impl<'a, T> IntoIterator for &'a Bag<T> { type Item = &'a T; type IntoIter = Iter<'a, T>; }",
    ]);
}

#[test]
fn a_trait_bounds_no_others_associated_types() {
    refused(&[
        (
            "trait Sub: Super<Assoc: Copy> {}",
            "unsafe-code: trait Sub bounds Assoc",
        ),
        (
            "trait Sub: Super where Self: Super<Assoc: Copy> {}",
            "unsafe-code: trait Sub bounds Assoc",
        ),
        (
            "trait Sub { type X: Super<Assoc: Copy>; }",
            "unsafe-code: trait Sub bounds Assoc",
        ),
        (
            "trait Sub: Super<Assoc: 'static> {}",
            "implied-bound: trait Sub bounds Assoc",
        ),
        (
            "fn f<T: Super<Assoc: Copy>>() {}",
            "implied-bound: a bound has a bound of Assoc",
        ),
        (
            "struct S<T: Super<Assoc: 'static>>(T);",
            "implied-bound: a bound has a bound of Assoc",
        ),
        (
            "trait Source<T: Iterator> { fn give(self) -> T::Item; }",
            "its parameter T",
        ),
        (
            "trait Source<T>: Into<<T as Iterator>::Item> {}",
            "its parameter T",
        ),
        (
            "type A<T: Iterator> = T::Item; type B<T> = A<T>; trait Source<T> { fn give(self) -> B<T>; }",
            "its parameter T",
        ),
    ]);
    accepted(&[
        "trait Sub: Super<Assoc = u8> { type Own: Copy + 'static; fn f(&self) -> Self::Own; }",
        "trait Source<R, T: Iterator<Item = R>> { fn give(self) -> R; }",
    ]);
}

#[test]
fn bounds_are_of_names_or_taken_apart() {
    let lend = "fn lend<'b>(_: Option<W<&'b ()>>, v: &'b u64) -> &'static u64 { v }";
    for definition in [
        "struct W<T>(PhantomData<T>) where (T,): 'static;",
        "struct W<T>(PhantomData<T>) where [&'static T]: 'static;",
        "struct W<T: Tr>(PhantomData<T>) where T::X: 'static;",
        "struct W<T: Tr>(PhantomData<T>) where <T as Tr>::X: 'static;",
        "struct W<T: 'static, const N: usize = { 0 }>(PhantomData<T>);",
        "struct W<T: 'static>(PhantomData<T>); trait Has { type W; }",
        "mod m { type W<T> = T; } struct W<T: 'static>(PhantomData<T>);",
        "mod m { struct W<T>(T); } type W<T> = &'static T;",
        "struct V<T: 'static>(PhantomData<T>); type W<T> = V<T>;",
    ] {
        refused(&[(&format!("{definition} {lend}"), "fn lend relies on")]);
    }
    refused(&[
        (
            "struct W<T>(T) where Vec<T>: 'static;",
            "a type with arguments",
        ),
        (
            "struct W<T>(T) where for<'x> T: 'static;",
            "for all lifetimes",
        ),
        ("fn f<T>() where Vec<T>: Any {}", "a type with arguments"),
        ("struct W<T = u8>(T);", "has a default"),
        ("trait W<T = u8> {}", "has a default"),
        ("type W<T = u8> = T;", "has a default"),
    ]);
    accepted(&["fn f<T>() where Vec<T>: Clone, for<'x> &'x T: Into<u8>, T: 'static {}"]);
}

#[test]
fn relations_settle_however_deep() {
    let lends = |innermost: &str| {
        let mut source = format!("struct A0<'a, 'b>({innermost});");
        for it in 1..20 {
            source.insert_str(0, &format!("struct A{it}<'a, 'b>(A{}<'a, 'b>);", it - 1));
        }
        source + "fn lend<'a, 'b>(_: Option<A19<'a, 'b>>, v: &'b u64) -> &'a u64 { v }"
    };
    refused(&[(&lends("&'a &'b ()"), "fn lend relies on `'b: 'a`")]);
    accepted(&[&lends("&'a (), &'b ()")]);
}

#[test]
fn a_namesake_may_be_anothers() {
    let lend = "fn lend<'a, 'b>(_: Option<W<'a, &'b ()>>, v: &'b u64) -> &'a u64 { v }";
    let own = "mod own { pub struct W<'a, T>(&'a (), T); }";
    for import in [
        "use dep::W;",
        "use dep::{V as W};",
        "use ::dep::*;",
        "use core::prelude::v1::*;",
    ] {
        refused(&[(
            &format!("{import} {own} {lend}"),
            "fn lend relies on `'b: 'a`",
        )]);
    }
    for path in ["dep::W<", "core::slice::W<", "crate::slice::W<"] {
        let lend = lend.replace("W<", path);
        let own = own.replace(
            "mod own",
            "mod core { mod slice {} } use core::slice; mod own",
        );
        refused(&[(&format!("{own} {lend}"), "fn lend relies on")]);
    }
    accepted(&[&format!(
        "#[prelude_import] use core::prelude::rust_2024::*; {own} use self::own::W; {lend}"
    )]);
}

#[test]
fn a_constant_in_a_type_only_calculates() {
    refused(&[
        (
            "fn f(_: [(); { impl A for B {} 0 }]) {}",
            "more than a calculation",
        ),
        ("fn f(_: W<{ let x = 1; x }>) {}", "more than a calculation"),
        (
            "struct W<const N: usize = { fn f() {} 0 }>;",
            "more than a calculation",
        ),
        ("fn f(_: [u8; (|| 1)()]) {}", "more than a calculation"),
        (
            "fn f() { let x: [u8; if a { 1 } else { 2 }] = y; }",
            "more than a calculation",
        ),
        (
            "fn f(_: [(); { impl<T: ?Sized> A for T {} 0 }]) {} trait A { type X; }",
            "dyn A",
        ),
    ]);
    accepted(&[
        "fn f<const N: usize>(_: [u8; 2 * (N + size_of::<T>()) as usize], _: W<{ N }, 3>, _: [u8; A.len()]) {}",
    ]);
}

#[test]
fn iterators_that_keep_projections_are_refused() {
    refused(&[
        ("fn f() { x.peekable(); }", "`peekable`"),
        ("fn f() { x.split_off(&1); }", "`split_off`"),
        ("fn f() { g(BTreeSet::split_off); }", "`split_off`"),
        ("fn f() { Iterator::peekable(x); }", "`peekable`"),
        (
            "fn f() { format_args!(\"{}\", x.r#peekable()); }",
            "`peekable`",
        ),
        ("fn f() { x.flatten(); }", "`flatten`"),
        ("fn f() { x.map(y).flatten(); }", "`flatten`"),
        ("fn f() { Iterator::flatten(x.iter()); }", "`flatten`"),
        ("fn f() { x.iter(y).flatten(); }", "`flatten`"),
        ("fn f() { (..iter().flatten()).end; }", "`flatten`"),
        (
            "fn f() { iter().flatten(); (x.iter)().flatten(); }",
            "`flatten`",
        ),
        ("fn f() { x.iter().flatten(); g(I::flatten); }", "`flatten`"),
        ("use core::iter::Flatten as F;", "`Flatten`"),
        (
            "fn f<I: Iterator<Item = R>, R>() -> core::iter::Peekable<I> { x() }",
            "`Peekable`",
        ),
        (
            "fn f() { x.iter().flatten(); } impl S { fn iter(&self) -> X { y } }",
            "`flatten`",
        ),
        (
            "fn f() { format_args!(\"{0}\", { impl S { fn iter(&self) -> X { y } } x.iter().flatten() }); }",
            "`flatten`",
        ),
    ]);
    accepted(&[
        "fn f() { x.y.iter().flatten(); x[0].iter_mut().flatten(); x.flat_map(y); }",
        "macro_rules! m { () => { x.peekable() } }",
    ]);
}

#[test]
fn no_jump_leaves_what_is_computed_between_two_phases() {
    for between in [
        "w = a.insert(JUMP)",
        "a.b.c(1, JUMP)",
        "a.b(c(JUMP)).d()",
        "a.b(c.d(JUMP))",
        "f(a, JUMP)",
        "f(1, 2, S { x: JUMP })",
        "T::f(a, JUMP)",
        "S(a, JUMP)",
        "(s.f)(a, JUMP)",
        "a += JUMP",
        "a <<= JUMP",
        "a.b(match c { 0 => JUMP, _ => 1 })",
        "a.b(if let Some(x) = c { x } else { JUMP })",
        "a.b({ let Some(x) = c else { JUMP }; x })",
        "a.b(loop { break JUMP; })",
        "a.b(JUMP + 1)",
        "a.b(c[JUMP])",
        "a.b(loop { while c {} JUMP; })",
        "a.b('inner: { JUMP })",
        "a.b({ for x in JUMP {} })",
        "a.b(format_args!(\"{0}\", JUMP))",
        "'here: { a.b('here: { JUMP }) }",
        "a.b('out: { JUMP })",
        "'here: { a.b('out: loop { JUMP }) }",
    ] {
        for jump in ["break 'out", "continue 'out", "break 'out 1"] {
            let code = between.replace("JUMP", &format!("({jump})"));
            let word = jump.split(' ').next().expect("a word");
            let says = format!("`{word}` leaves ");
            let code = format!("fn f() {{ 'out: loop {{ {code}; }} }}");
            refused(&[(&code, &says), (&code, "two phases")]);
        }
    }
    refused(&[
        ("fn f() { loop { a.b(break); } }", "`break` leaves"),
        ("fn f() { loop { a.b(continue); } }", "`continue` leaves"),
        ("fn f() { while c { f(a, break); } }", "`break` leaves"),
        ("fn f() { for x in y { a += break; } }", "`break` leaves"),
        (
            "fn f() { loop { a.b({ for x in (break) {} }); } }",
            "`break` leaves",
        ),
        ("fn f() { || loop { a.b(break); }; }", "`break` leaves"),
        (
            "fn f() { async { loop { a.b(break); } }; }",
            "`break` leaves",
        ),
        ("const C: u8 = loop { a.b(break 1); };", "`break` leaves"),
        (
            "impl S { fn f() { loop { a.b(break); } } }",
            "`break` leaves",
        ),
        (
            "trait T { fn f() { loop { a.b(break); } } }",
            "`break` leaves",
        ),
    ]);
}

#[test]
fn what_leaves_the_function_or_stays_in_the_argument_passes() {
    accepted(&[
        "fn f() { a.b(return); a.b(c?); f(a, c?); a += c?; a.b(panic()); }",
        "fn f() { loop { a.b(match c { 0 => return, x => x }); } }",
        "fn f() { loop { f(break); } loop { Some(match c { 0 => continue, x => x }); } }",
        "fn f() { loop { (match c { 0 => break, x => x }).b(1).c(2); } }",
        "fn f() { loop { a.b(loop { break 1 }); a.b('x: { break 'x 1 }); } }",
        "fn f() { loop { a.b({ for x in y { if x { continue; } break; } 1 }); } }",
        "fn f() { loop { a.b(|| loop { break; }); a.b(async { while c { continue; } }); } }",
        "fn f() { 'x: loop { a.b(|| 'x: { break 'x 1 }); a.b(async { 'x: { break 'x 1 } }); } }",
        "fn f() { 'x: loop { a.b({ fn g() { 'x: loop { break 'x; } } 1 }); } }",
        "fn f() { loop { break a.b(1); } 'x: { break 'x f(1, 2); } }",
        "fn f() { loop { let x = match c { 0 => break, x => x }; a.b(x); a += x; } }",
        "fn f() { loop { a = match c { 0 => break, x => x }; a && break; } }",
    ]);
}

#[test]
fn an_associated_type_has_no_bounds_of_its_own() {
    for clause in [
        "type P = R where L: Tr<R>;",
        "type P = R where Self: Sized;",
        "type P = R where for<'a> &'a R: Copy;",
        "type P = R where R: Iterator<Item = L>;",
        "type P<Q: Tr<Q>> = R;",
        "type P<Q: ?Sized + Copy> = R;",
        "type P<Q> = R where Q: Copy;",
    ] {
        let in_trait = clause.replace(" = R", "");
        refused(&[
            (
                &format!("impl<L, R> Tr<R> for L {{ {clause} }}"),
                "the associated type P has a bound",
            ),
            (
                &format!("impl<L, R> dep::Tr<R> for S<L> {{ {clause} }}"),
                "the associated type P has a bound",
            ),
            (
                &format!("trait Tr<R> {{ {in_trait} }}"),
                "the associated type P has a bound",
            ),
        ]);
    }
    accepted(&[
        "trait Lend { type Item<'a>: Copy where Self: 'a; type Of<T: ?Sized>: Clone; } \
         impl<T> Lend for Bag<T> { type Item<'a> = &'a T where Self: 'a, T: 'a; type Of<U: ?Sized> = u8; }",
        "impl<T: Copy> Tr for Bag<T> where T: Clone { type P = T; }",
    ]);
}

#[test]
fn a_trait_equates_nothing_with_a_projection() {
    for definition in [
        "trait Tr { type P: Tr<P = Self>; }",
        "trait Tr<R> { type P: Iterator<Item = (R, Self)>; }",
        "trait Tr { type Q; type P: Iterator<Item = Self::Q>; }",
        "trait Tr { type Q; type P: Iterator<Item = Vec<<Self as Tr>::Q>>; }",
        "trait Tr<R: Tr> { type P: Iterator<Item = R::P>; }",
        "trait Tr { type P<R>: Tr<P<R> = R::Q>; }",
        "trait Tr { type P<R>: Tr<P<R> = <R as Tr>::P<()>>; }",
        "trait Tr { type Q; type P: FnOnce() -> Self::Q; }",
        "trait Tr: Sup<X = Self::P> { type P; }",
        "trait Tr where Self::P: Iterator<Item = Self> { type P; }",
        "type A<T> = <T as Tr>::P; trait Tr<R> { type P: Iterator<Item = A<R>>; }",
    ] {
        refused(&[(definition, "trait Tr bounds what it associates")]);
    }
    accepted(&[
        "trait Number: Copy + Add<Output = Self> + Handler { fn zero() -> Self; }",
        "trait Handler: Fn(u8) -> u8 { type P: Iterator<Item = u8>; }",
        "trait Tr<R> { type P: Iterator<Item = R>; }",
        "trait Tr { type Q; fn of(&self, f: impl Fn() -> Self::Q); fn own(&self) -> Option<Box<dyn Fn() -> Self>>; }",
        "trait Tr { type Q: From<Box<dyn Fn() -> u8>>; }",
    ]);
}

#[test]
fn an_impl_associates_no_proof_of_a_bound() {
    let equating = "trait Tr<R> { type P: Iterator<Item = R>; type Q; }";
    for implementation in [
        "impl<R, S: Tr<R>> Tr<R> for W<S> { type P = S::P; }",
        "impl<R, S: Tr<R>> Tr<R> for W<S> { type P = <S as Tr<R>>::P; }",
        "impl<R> Tr<R> for W { type P = Vec<Self::Q>; type Q = R; }",
        "impl<R, S: Tr<R>> Tr<R> for W<S> { type P = A<S>; } type A<T> = <T as Tr<u8>>::P;",
        "impl<R, S> Tr<R> for W<S> where S: Tr<R, P = <W<S> as Tr<R>>::P> { type P = R; }",
        "impl<R, S: Iterator<Item = R::Q>> Tr<R> for W<S> { type P = S; }",
        "use self::Tr as Other; impl<R, S: Tr<R>> Other<R> for W<S> { type P = S::P; }",
    ] {
        refused(&[(
            &format!("{equating} {implementation}"),
            "associates a type that is projected",
        )]);
    }
    refused(&[
        // Its own bound is another trait's.
        (
            "trait Is<R>: Has<X = R> {} trait Tr<R> { type P: Is<R>; } impl<S: Tr<R>, R> Tr<R> for W<S> { type P = S::P; }",
            "associates a type that is projected",
        ),
        (
            "trait Tr<R> { type P; fn f() -> impl Has<X = R>; } impl<S: Tr<R>, R> Tr<R> for W<S> { type P = S::P; }",
            "associates a type that is projected",
        ),
        (
            "trait Tr<R> { type P; fn f() where R: Has<X = R>; type Q: Fn(); } impl<S: Tr<R>, R> Tr<R> for W<S> { type P = S::P; }",
            "associates a type that is projected",
        ),
        (
            "impl<F: IntoFuture> IntoFuture for W<F> { type Output = F::Output; type IntoFuture = F::IntoFuture; }",
            "associates a type that is projected",
        ),
    ]);
    accepted(&[
        &format!(
            "{equating} impl<S: Tr<R, P = I>, R, I: Iterator<Item = R>> Tr<R> for W<S, I> {{ type P = I; }}"
        ),
        "trait Tr { type P: Copy; } impl<S: Tr> Tr for W<S> { type P = S::P; }",
        &format!(
            "{equating} trait Plain {{}} impl<I: Iterator<Item = R>, R> Plain for W<I> where I::Item: Copy {{}}"
        ),
        &format!(
            "{equating} impl<I: Iterator<Item = R>, R> Iterator for W<I> where I::Item: Copy {{ type Item = I::Item; }}"
        ),
    ]);
}

#[test]
fn no_type_has_the_name_of_a_number() {
    for code in [
        "struct u8(S);",
        "enum usize {}",
        "union i64 { x: S }",
        "type bool = S;",
        "fn f<char>(x: char) {}",
        "impl<u16> S<u16> {}",
        "struct S<f32>(f32);",
        "fn f() { struct u8<'a>(&'a mut S); }",
        "use crate::S as u8;",
        "use crate::{S as u8, T};",
    ] {
        refused(&[(code, "a number's name")]);
    }
    accepted(&["struct U8(u8); fn f<T>(u8: u8) {} use core::u8::MAX; use crate::S as T;"]);
}

#[test]
fn what_reads_otherwise_than_it_was_compiled_is_refused() {
    for code in [
        "fn f<F: Fn() -> &dyn A + B>() {}",
        "fn f<F>() where &'b F: FnOnce() -> *const dyn A + 'static {}",
        "fn f(_: Box<dyn Fn() -> fn() -> &dyn A + Send>) {}",
        "fn f() -> impl Fn() -> &mut dyn A + Send { g }",
        "trait T: Fn() -> &dyn A + Send {}",
        "trait T { type X: Fn() -> &'static dyn A + Send; }",
        "fn f(_: impl Iterator<Item: Fn() -> &dyn A + Send>) {}",
        "fn f() { x as *const dyn A + B }",
    ] {
        let found = findings(code);
        assert!(found.contains("printed"), "{code}: {found}");
    }
    accepted(&[
        "fn f<F: Fn() -> Box<dyn A + B> + Send>() {}",
        "fn f<F: Fn() -> &'static (dyn A + B) + Send>() {}",
        "fn f<F: (Fn() -> &'static dyn A) + Send>() {}",
        "fn f<F: Send + Fn() -> &'static dyn A>() {}",
        "fn f() { x as u8 + 1 }",
    ]);
}

#[test]
fn what_is_unsound_in_the_library_is_refused() {
    refused(&[
        ("fn f() { map.split_off(&key); }", "`split_off`"),
        (
            "fn f() { BTreeMap::r#split_off(map, &key); }",
            "`split_off`",
        ),
        (
            "fn f() { format_args!(\"{}\", x.split_off(1)); }",
            "`split_off`",
        ),
        (
            "use alloc::vec::Vec as V; fn f() { let g = V::<u8>::split_off; }",
            "`split_off`",
        ),
    ]);
    accepted(&["fn f() { x.drain(1..).collect::<V>(); x.split_at(1); x.split_off_first(); }"]);
}

#[test]
fn what_a_trait_associates_has_a_name() {
    for method in [
        "fn f() -> impl Sized;",
        "fn f(self) -> Option<impl Pair<Of = Self>> { x }",
        "fn f(&self) -> Box<dyn Fn() -> (u8, impl Copy + use<Self>)>;",
        "async fn f(&self);",
        "async unsafe fn f() -> u8 { x }",
    ] {
        let code = format!("trait Tr {{ {method} }}");
        refused(&[(
            &code,
            "trait Tr has no name for the type of what `f` returns",
        )]);
    }
    for code in [
        "fn f<F: AsyncFn()>(_: F) {}",
        "fn f<F>(_: F) where F: 'static + AsyncFnMut(u8) -> u8 {}",
        "fn f(_: impl core::ops::AsyncFnOnce()) {}",
        "use core::ops::{AsyncFnOnce as Once};",
        "trait Tr: AsyncFn() {}",
    ] {
        refused(&[(code, "has no name for its future")]);
    }
    accepted(&[
        "trait Tr { type F: Future<Output = u8>; fn f(&self) -> Self::F; fn g(&self, _: impl Fn()); } fn h() -> impl Copy { 1 }",
        "fn f<F: Fn() -> R, R: Future<Output = u8>>(_: F) {} async fn g() {}",
    ]);
}

#[test]
fn nobody_associates_what_an_iterator_or_a_closure_gives() {
    for ty in [
        "I::Item",
        "Option<I::Item>",
        "<I as Iterator>::Item",
        "F::Output",
    ] {
        let source =
            format!("impl<I: Iterator<Item = R>, R, F> Gives for Own<I, F> {{ type Of = {ty}; }}");
        refused(&[(&source, "which is projected from")]);
    }
    refused(&[
        (
            "impl<I> Gives for I { type Of<'b> = I::Item where Self: 'b; }",
            "which is projected from I",
        ),
        (
            "impl Gives for One { type Of<I: Iterator<Item = R>, R> = I::Item; }",
            "which is projected from I",
        ),
        (
            "impl<I> Gives for I { type Of = <Self as Iterator>::Item; }",
            "which is projected from",
        ),
        (
            "type Given<I> = <I as Iterator>::Item; impl<I> Gives for I { type Of = Given<I>; }",
            "which is projected from I",
        ),
        (
            "mod own { pub trait Iterator { type Item; } } impl<I> Iterator for Own<I> { type Item = I::Item; }",
            "which is projected from I",
        ),
        (
            "use own::Gives as Iterator; impl<I> Iterator for Own<I> { type Item = I::Item; }",
            "which is projected from I",
        ),
    ]);
    accepted(&[
        "trait Device { type Error; } impl<D: Device> Device for Traced<D> { type Error = D::Error; }",
        "impl Gives for Own<'_> { type Of = <Self as Other>::Item; }",
        "impl<R, F: Fn() -> R> Iterator for By<F, R> { type Item = Option<R>; }",
    ]);
}

#[test]
fn every_bound_says_what_iterators_and_futures_give() {
    for bound in [
        "Iterator",
        "core::iter::IntoIterator",
        "DoubleEndedIterator",
        "Future",
        "Mine",
        "By",
        "I",
    ] {
        let own =
            "trait Mine: Iterator {} trait By: Mine { type Item; } use core::iter::Iterator as I;";
        for code in [
            format!("fn f<T: {bound}>(it: T) {{}}"),
            format!("fn f<T>(it: T) where T: {bound} {{}}"),
            format!("fn f<T: Has>(it: T) where for<'b> Own<'b, T::It>: {bound} {{}}"),
            format!("fn f(it: impl {bound} + 'static) {{}}"),
            format!("fn f() -> impl {bound} {{ x() }}"),
            format!("struct Own<T: {bound}>(T);"),
            format!("trait Has {{ type It: {bound}; }}"),
            format!("impl<T: {bound}> Own<T> {{}}"),
            format!("impl<T> Own<T> where Self: {bound} {{}}"),
            format!("trait Has: {bound} {{}}"),
        ] {
            refused_at_the_root(&[(&format!("{own} {code}"), "leaves open what")]);
        }
    }
    accepted(&[
        "fn f<T: Iterator<Item = R>, R>(it: T) -> impl Future<Output = R> { x() }",
        "trait Mine<R>: Iterator<Item = R> {} fn f<T: Mine<R>, R>(it: T) {}",
        "fn f(it: &mut dyn Iterator<Item = u8>, then: impl FnOnce(u8) -> u8) {}",
    ]);
}

#[test]
fn a_trait_says_of_no_parameter_what_it_outlives() {
    for definition in [
        "trait Kept<'a> where 'a: 'static { type Of; }",
        "trait Kept<'a: 'static> { type Of; }",
        "trait Kept<'a, 'b: 'a> { type Of; }",
        "trait Kept<T: 'static> { type Of; }",
        "trait Kept<T> where T: 'static { type Of; }",
        "trait Kept<T: Any> { type Of; }",
        "trait Kept<T: Far> { type Of; } trait Far: 'static {}",
        "trait Kept<'a> where for<'b> &'b &'a (): Far { type Of; } trait Far: 'static {}",
        "trait Kept: Call where Self::Out: 'static { type Of; }",
        "trait Kept { type Of<'b> where 'b: 'static; }",
        "trait Kept { type Of<'b: 'static>; }",
        "trait Kept { type Of<T: 'static>; }",
    ] {
        refused(&[(definition, "says what its parameters outlive")]);
    }
    accepted(&[
        "trait Kept<'a, T: Clone> where Self: Send { type Of<'b> where Self: 'b; fn f<U: 'static>(it: U); }",
    ]);
}
