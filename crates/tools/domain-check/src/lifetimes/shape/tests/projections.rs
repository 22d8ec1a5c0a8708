//! Associated types that may live shorter than the compiler believes.

use super::{accepted, refused, refused_at_the_root};

/// Invariant: CHECK-16
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

/// Invariant: CHECK-16
#[test]
fn associated_types_have_names() {
    for method in [
        "fn f() -> impl Sized;",
        "fn f(self) -> Option<impl Pair<Of = Self>> { x }",
        "fn f(&self) -> Box<dyn Fn() -> (u8, impl Copy + use<Self>)>;",
        "async fn f(&self);",
        "async unsafe fn f() -> u8 { x }",
    ] {
        let code = format!("trait Tr {{ {method} }}");
        refused(&[(&code, "trait Tr has no name for the type that `f` returns")]);
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

/// Invariant: CHECK-15
#[test]
fn no_impl_associates_an_item_or_a_closures_result() {
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

/// Invariant: CHECK-15
#[test]
fn every_bound_names_item_and_output() {
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
            refused_at_the_root(&[(&format!("{own} {code}"), "open, which outlives")]);
        }
    }
    accepted(&[
        "fn f<T: Iterator<Item = R>, R>(it: T) -> impl Future<Output = R> { x() }",
        "trait Mine<R>: Iterator<Item = R> {} fn f<T: Mine<R>, R>(it: T) {}",
        "fn f(it: &mut dyn Iterator<Item = u8>, then: impl FnOnce(u8) -> u8) {}",
    ]);
}

/// Invariant: CHECK-11
#[test]
fn no_trait_bounds_its_parameters_by_a_lifetime() {
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
        refused(&[(definition, "says that its parameters outlive")]);
    }
    accepted(&[
        "trait Kept<'a, T: Clone> where Self: Send { type Of<'b> where Self: 'b; fn f<U: 'static>(it: U); }",
    ]);
}
