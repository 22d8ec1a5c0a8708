//! Headers of impls, and a trait's bounds on associated types.

use super::{accepted, refused};

/// Invariant: AUTH-15
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

/// Invariant: AUTH-18, CHECK-13
#[test]
fn an_impls_parameters_are_in_its_header() {
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
        (
            "impl<R, F: Fn() -> R> Show for By<F> where Empty<R>: Iterator<Item = R> {}",
            "calls a function for R",
        ),
        (
            "impl<R, F: Fn() -> R, I: Iterator<Item = R>> Show for By<F, I> {}",
            "calls a function for R",
        ),
        (
            "impl<R, I: Iterator<Item = <R as Get>::Of>> Show for By<I> {}",
            "calls a function for R",
        ),
        (
            "impl<R, G: Gives<Of = R>, F: Fn() -> G> Show for By<F> {}",
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
        "impl<R, S, I: Iterator<Item = R>> Show for By<I> where R: Iterator<Item = S> {}",
        "impl<F> By<F> { fn show<R>(&self) where F: Fn() -> R {} }",
        "struct Bag<T>(T); struct Iter<'a, T>(&'a T); impl<'a, T> IntoIterator for &'a Bag<T> { type Item = &'a T; type IntoIter = Iter<'a, T>; }",
    ]);
}

/// Invariant: AUTH-17
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

/// Invariant: AUTH-19
#[test]
fn a_destructor_uses_no_trait_of_a_parameter() {
    refused(&[
        (
            "struct S<T: Run>(T); impl<T: Run> Drop for S<T> { fn drop(&mut self) {} }",
            "an impl of Drop bounds a parameter",
        ),
        (
            "impl<F> core::ops::Drop for S<F> where F: FnMut() { fn drop(&mut self) {} }",
            "an impl of Drop bounds a parameter",
        ),
        (
            "use core::ops::Drop as D; impl<T: ?Sized + Copy> D for S<T> { fn drop(&mut self) {} }",
            "an impl of Drop bounds a parameter",
        ),
        (
            "impl<T> Drop for S<T> where for<'a> &'a T: Run { fn drop(&mut self) {} }",
            "an impl of Drop bounds a parameter",
        ),
    ]);
    accepted(&[
        "impl<'a, T: ?Sized + 'a> Drop for S<'a, T> { fn drop(&mut self) {} } impl Drop for Box<dyn Run> {}",
    ]);
}
