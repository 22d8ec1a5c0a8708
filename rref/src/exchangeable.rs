//! What may cross a domain boundary.

use crate::{Transfer, TypeDescriptor};
use samara_shared_heap::AllocError;

/// A type that may cross a domain boundary by move. Derive it:
///
/// ```
/// use samara_rref::{Exchangeable, RRef};
///
/// #[derive(Exchangeable)]
/// struct Request {
///     lba: u64,
///     data: RRef<[u8; 512]>,
/// }
/// ```
///
/// Functions, closures, references, raw pointers, `Box`, trait objects, cells and locks are not
/// exchangeable, nor is a type with a `Drop` of its own or one that contains itself: a reclaim
/// releases objects as plain bytes, and a transfer takes bounded time.
///
/// # Safety
/// Whatever a value owns is plain data or exchangeable; it holds no pointer into a private heap, no
/// code address and no borrow. [`transfer`](Self::transfer) reaches every `RRef` and capability in
/// it, and [`NESTED`](Self::NESTED) is true if there is one. Dropping a value runs no code but that
/// of its exchangeable parts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross a domain boundary",
    label = "not exchangeable",
    note = "plain data, `RRef`, `Proxy` and types that `#[derive(Exchangeable)]` can; references, `Box`, functions, closures, cells and locks cannot"
)]
pub unsafe trait Exchangeable: Send + 'static {
    /// Whether a value may hold an `RRef` or a capability, so that a transfer must visit it.
    const NESTED: bool;
    /// How deeply values nest in it, in `RRef`s or in place: finite, so a type that contains itself does not
    /// compile, and below [`MAX_DEPTH`](crate::MAX_DEPTH) in whatever crosses.
    const DEPTH: usize;
    /// The type as data.
    const DESCRIPTOR: TypeDescriptor;
    /// Evaluated for whatever crosses: a transfer has the room on the stack that each entry leaves to the
    /// boundary, and no more.
    #[doc(hidden)]
    const NOT_TOO_DEEP: () = assert!(Self::DEPTH < MAX_DEPTH, "values nest too deeply");
    /// Evaluated for whatever crosses, and for its parts: what holds nothing has no destructor. Here,
    /// because a crate can call itself by the name under which the derive reaches its support.
    #[doc(hidden)]
    const NO_DESTRUCTOR_OF_ITS_OWN: () = assert!(
        Self::NESTED || !core::mem::needs_drop::<Self>(),
        "plain data has no destructor"
    );

    /// Changes the owner of all that the value holds. Called by generated proxies.
    fn transfer(&self, to: &Transfer);
}

/// Levels of values inside each other, of which whatever crosses has fewer: a transfer visits them by as many
/// calls, one inside the other.
pub const MAX_DEPTH: usize = 48;

/// The compile-time check that the derive writes for every field.
#[doc(hidden)]
#[inline]
pub const fn assert_exchangeable<T: Exchangeable>() {}

/// The deepest of `depths`; evaluating it is what rejects recursive types.
pub(crate) const fn max_depth(depths: &[usize]) -> usize {
    let (mut at, mut max) = (0, 0);
    while at < depths.len() {
        if depths[at] > max {
            max = depths[at];
        }
        at = at.strict_add(1);
    }
    max
}

/// A type whose reference may be lent to another domain for the length of a call.
///
/// # Safety
/// A shared reference gives no access to the lender's private heap, and stays valid while the
/// lender's activation is on the thread's chain, even if the lender is killed meanwhile.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be lent to another domain",
    label = "only `&RRef<T>`, and `&[T]` and `&str` of plain data, are lent",
    note = "move the value, or put it in an `RRef` and lend that"
)]
pub unsafe trait Lend {
    /// The type as data.
    const DESCRIPTOR: TypeDescriptor;
    /// Evaluated by `#[interface]` for every lent argument: fails to compile if it may not be lent.
    const LENDABLE: () = ();
}

// SAFETY: what a private slice lies in (heap or stack of the lender) is given up only after the
// lender's activation left the chain, as an object is reclaimed only then (soundness.md, "lent
// slices"). Plain data: `LENDABLE`. No device is ever given its address: DMA takes pinned buffers only.
unsafe impl<T: Exchangeable + Sync> Lend for [T] {
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::slice("slice", &T::DESCRIPTOR);
    const LENDABLE: () = assert!(
        !T::NESTED,
        "a lent slice holds plain data: lend `&RRef<[T]>` if it holds references or handles"
    );
}

// SAFETY: as a slice of bytes.
unsafe impl Lend for str {
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::slice("str", &u8::DESCRIPTOR);
}

/// An argument without contents worth keeping: a buffer to be filled. A shadow that retries a call
/// allocates it again instead of recording it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a `#[scratch]` argument",
    note = "`RRef<[T]>` and `RRef<T>` of plain zeroable data can"
)]
pub trait Scratch: Exchangeable + Sized {
    /// What is needed to allocate it again.
    type Shape: Copy;

    /// The shape of this one.
    fn shape(&self) -> Self::Shape;

    /// Another one of that shape, zeroed.
    ///
    /// # Errors
    /// The heap has no room.
    fn renew(shape: Self::Shape) -> Result<Self, AllocError>;
}
