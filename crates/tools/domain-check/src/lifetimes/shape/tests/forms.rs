//! Tests of unknown syntax, of names, and of constants in types.

use super::{accepted, findings, refused, refused_at_the_root};

/// Invariant: CHECK-17
#[test]
fn unreadable_code_is_not_understood() {
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

/// Invariant: CHECK-17
#[test]
fn bounds_of_where_clauses_are_known_or_refused() {
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

/// Invariant: CHECK-11
#[test]
fn relations_settle_at_any_depth() {
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

/// Invariant: CHECK-11
#[test]
fn a_namesake_may_belong_to_another_crate() {
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

/// Invariant: CHECK-17
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

/// Invariant: AUTH-29
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

/// Invariant: CHECK-6
#[test]
fn ambiguous_printed_bounds_are_refused() {
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

/// Invariant: CHECK-14
#[test]
fn no_item_has_the_name_of_a_standard_crate() {
    let says = |name: &str| format!("an item has the name `{name}`");
    let (core, alloc, std) = (says("core"), says("alloc"), says("std"));
    refused(&[
        ("fn core() {}", &core),
        ("const core: fn() = || {};", &core),
        ("static alloc: u8 = 1;", &alloc),
        ("struct alloc;", &alloc),
        ("enum core { A }", &core),
        ("union std { a: u8 }", &std),
        ("trait r#core {}", &core),
        ("type alloc = u8;", &alloc),
        ("mod alloc {}", &alloc),
        ("use own as core;", &core),
        ("use own::{A, B as alloc};", &alloc),
    ]);
    refused_at_the_root(&[("extern crate own as core;", &core)]);
    accepted(&[
        "use core::fmt; use ::alloc::alloc as allocate; mod alloc_own {} fn f(core: u8) -> u8 { let alloc = core; alloc }",
        "struct Pool { alloc: u8 } impl Pool { fn alloc(&self) -> u8 { self.alloc } const core: u8 = 1; }",
    ]);
}
