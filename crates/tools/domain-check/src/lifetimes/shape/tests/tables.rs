//! Conditions of the methods in an object's table.

use super::{accepted, refused};

/// Invariant: AUTH-22
#[test]
fn no_binder_decides_whether_a_table_has_a_method() {
    const SAYS: &str = "where a binder, `for<…>`, decides, and the method `go`";
    let blanket = "trait Sup {} impl<F> Sup for F where F: for<'a> Tr<&'a u8> {}";
    let elsewhere = |code: &str| format!("{blanket} {code}");
    refused(&[
        (
            "trait Has<F> where F: for<'a, 'b> Tr<&'a &'b u8> { fn go(&self); }",
            SAYS,
        ),
        (
            "trait Has<F> where for<'a> F: Tr<&'a u8> { fn go(self: Box<Self>); }",
            SAYS,
        ),
        ("trait Has<F: for<'a> Tr<&'a u8>> { fn go(&self) {} }", SAYS),
        ("trait Has: for<'a> Tr<&'a u8> { fn go(&self); }", SAYS),
        (
            "trait Has where Self: for<'a> Tr<&'a u8> { fn go(&self); }",
            SAYS,
        ),
        // Any impl may satisfy a clause, so the binder may be in an impl instead of the clause.
        (&elsewhere("trait Has<F: Sup> { fn go(&self); }"), SAYS),
        (
            &elsewhere("trait Has<F> where F: Sup { fn go(&self); }"),
            SAYS,
        ),
        (
            &elsewhere("trait Has<F> where W<F>: Sup { fn go(&self); }"),
            SAYS,
        ),
        (
            "trait Tr2<F: Sup> { fn go(&self); } fn f(it: &dyn Tr3<dyn for<'a> Fn(&'a u8)>) {}",
            SAYS,
        ),
    ]);
    accepted(&[
        "trait Has<F: Clone + Fn(&u8), const N: usize> where W<F>: Copy { fn go(&self); }",
        &elsewhere("trait Has<F: ?Sized>: Sup { fn go(&self); }"),
        &elsewhere(
            "trait Has<F: Sup> { fn new() -> Self; fn go<T>(&self, it: T); fn own(&self) where Self: Sized; }",
        ),
        &elsewhere("trait Has where Self: Sup { fn go(&self); }"),
        &elsewhere("trait Has<F> { fn go(&self); } impl<F: Sup> Has<F> for u8 { fn go(&self) {} }"),
    ]);
}
