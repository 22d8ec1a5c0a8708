//! The checks of a method at compile time.

use samara_domain_runtime::stack::to_move;
use samara_rref::Lend;

/// The compile-time check that `#[interface]` writes for every borrowed argument.
#[inline]
pub const fn assert_lend<T: ?Sized + Lend>() {
    const { T::LENDABLE }
}

/// The compile-time check that `#[interface]` writes for every method: of the size of the values that it moves, `A`
/// in and `R` back.
#[inline]
pub const fn assert_moves<A, R>() {
    let _ = to_move::<A, R>();
}

/// A moved argument of an `#[idempotent]` or `#[replay]` method: a retry passes it again.
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
/// stands in generated code, and a crate can take for itself the name by which that code reaches its checks.
///
/// # Safety
/// Every element is a reference to something that is [`Lend`], and [`LENDABLE`](Self::LENDABLE) evaluates that
/// constant of each.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be lent to another domain",
    label = "only `&RRef<T>`, and `&[T]` and `&str` of plain data, are lent, up to eight of them"
)]
pub unsafe trait Loan: Copy {
    /// Fails to compile if one of them may not be lent.
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

/// Checks that a call gets everything as arguments, moved or lent, and that the lent ones may be lent.
pub(crate) const fn assert_body<L: Loan, F>() {
    let () = L::LENDABLE;
    assert!(size_of::<F>() == 0, "the body of a call captures nothing");
}
