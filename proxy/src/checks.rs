//! The checks of a method at compile time.

use samara_domain_runtime::stack::to_move;
use samara_rref::Lend;

/// The compile-time check that `#[interface]` writes for every borrowed argument.
#[inline]
pub const fn assert_lend<T: ?Sized + Lend>() {
    const { T::LENDABLE }
}

/// The compile-time check that `#[interface]` writes for every method. It bounds the size of the values that a call
/// moves: `A` to the callee, and `R` back.
#[inline]
pub const fn assert_moves<A, R>() {
    let _ = to_move::<A, R>();
}

/// A moved argument of an `#[idempotent]` or `#[replay]` method. A retry passes the argument again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed again when an `#[idempotent]` call is repeated",
    label = "not `Copy`",
    note = "lend it as `&RRef<T>`, mark a buffer without contents `#[scratch]`, or remove `#[idempotent]`"
)]
pub trait Repeatable {}
impl<T: Copy> Repeatable for T {}

/// The compile-time check that `#[interface]` writes for every moved argument of a method that may be
/// repeated.
#[inline]
pub const fn assert_repeatable<T: Repeatable>() {}

/// A tuple of references that are lent for the length of a call.
///
/// The call itself checks this bound, for all arguments of its method that are not moved. The check [`assert_lend`]
/// would not be enough: it stands in generated code, and the user's crate can give another meaning to its name there.
///
/// # Safety
/// Every element is a reference to a type that is [`Lend`], and [`LENDABLE`](Self::LENDABLE) evaluates
/// [`Lend::LENDABLE`] of each such type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be lent to another domain",
    label = "only `&RRef<T>`, and `&[T]` and `&str` of plain data, are lent, up to eight of them"
)]
pub unsafe trait Loan: Copy {
    /// Fails to compile if an element may not be lent.
    const LENDABLE: ();
}

macro_rules! loans {
    ($($name:ident)*) => {
        // SAFETY: each element is a reference to a type that is `Lend`, and `LENDABLE` evaluates its constant
        // (CROSS-7).
        unsafe impl<$($name: ?Sized + Lend),*> Loan for ($(&$name,)*) {
            const LENDABLE: () = { $(let () = $name::LENDABLE;)* };
        }
    };
}
loans!();
loans!(A);
loans!(A B);
loans!(A B C);
loans!(A B C D);
loans!(A B C D E);
loans!(A B C D E F);
loans!(A B C D E F G);
loans!(A B C D E F G H);

/// Checks that the body of a call captures nothing, so that all its data are arguments. Also checks that the lent
/// arguments may be lent.
pub(crate) const fn assert_body<L: Loan, F>() {
    let () = L::LENDABLE;
    assert!(size_of::<F>() == 0, "the body of a call captures nothing");
}
