//! Bounds of associated types that could prove themselves.

use super::{accepted, refused};

/// Invariant: AUTH-21
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

/// Invariant: AUTH-21
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
        refused(&[(
            definition,
            "trait Tr has a bound that makes an associated type equal",
        )]);
    }
    accepted(&[
        "trait Number: Copy + Add<Output = Self> + Handler { fn zero() -> Self; }",
        "trait Handler: Fn(u8) -> u8 { type P: Iterator<Item = u8>; }",
        "trait Tr<R> { type P: Iterator<Item = R>; }",
        "trait Tr { type Q; fn of(&self, f: impl Fn() -> Self::Q); fn own(&self) -> Option<Box<dyn Fn() -> Self>>; }",
        "trait Tr { type Q: From<Box<dyn Fn() -> u8>>; }",
    ]);
}

/// Invariant: AUTH-21
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
        // The equality is in the bounds of another trait, of a method's result, or of another associated type.
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

/// Invariant: AUTH-20
#[test]
fn an_objects_method_has_no_condition() {
    for clause in [
        "T: Holds",
        "T: for<'a> Holds<&'a u8>",
        "for<'a> &'a T: Holds",
        "Self: Holds",
        "Self: Sized2",
        "Vec<Self>: Sized",
        "Self: ?Sized",
    ] {
        let code = format!("trait Tr<T> {{ fn call(&self) where {clause}; }}");
        refused(&[(&code, "may be missing in an object's table")]);
    }
    for decoy in [
        "mod m { trait Sized {} }",
        "use dep::Other as Sized;",
        "use dep::Sized;",
    ] {
        let code = format!("{decoy} trait Tr {{ fn call(&self) where Self: Sized; }}");
        refused(&[(&code, "may be missing in an object's table")]);
    }
    accepted(&[
        "trait Tr<T> { fn call(&self); fn sized(self) where Self: Sized, T: Copy; fn made() -> T where T: Default; }",
        "trait Tr { fn with<F>(&self, f: F) where F: FnOnce(u8); fn lent<'a, 'b>(&'a self, it: &'b u8) where 'b: 'a, Self: 'a; }",
    ]);
}
