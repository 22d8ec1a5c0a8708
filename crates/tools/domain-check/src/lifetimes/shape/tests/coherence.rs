//! Impls that could overlap without the compiler's notice.

use super::{accepted, refused};

/// Invariant: AUTH-16
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

/// Invariant: AUTH-16
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
