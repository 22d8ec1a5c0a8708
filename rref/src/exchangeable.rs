//! The types that may cross a domain boundary.

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
/// Functions, closures, references, raw pointers, `Box`, trait objects, cells and locks are not exchangeable. A type
/// with a `Drop` of its own is not exchangeable either, because a reclaim releases objects as plain bytes. Nor is a
/// type that contains itself, because a transfer takes bounded time.
///
/// # Safety
/// Everything that a value owns is plain data or exchangeable; it holds no pointer into a private heap, no code address
/// and no borrow. [`transfer`](Self::transfer) reaches every `RRef` and capability in the value, and
/// [`NESTED`](Self::NESTED) is true if there may be one. Dropping a value runs only the code that drops its
/// exchangeable parts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross a domain boundary",
    label = "not exchangeable",
    note = "plain data, `RRef`, `Proxy` and types that `#[derive(Exchangeable)]` can; references, `Box`, functions, closures, cells and locks cannot"
)]
pub unsafe trait Exchangeable: Send + 'static {
    /// Whether a value may hold an `RRef` or a capability, so that a transfer must visit it.
    const NESTED: bool;
    /// How deeply values nest in the type. Each level is a value inside another, behind an `RRef` or in place. The
    /// depth is finite, so a type that contains itself does not compile. It is below [`MAX_DEPTH`](crate::MAX_DEPTH)
    /// in every type that crosses.
    const DEPTH: usize;
    /// The type as data.
    const DESCRIPTOR: TypeDescriptor;
    /// Evaluated for every type that crosses. A transfer calls itself for each level, and may use only the stack that
    /// each entry leaves free for the boundary.
    #[doc(hidden)]
    const NOT_TOO_DEEP: () = assert!(Self::DEPTH < MAX_DEPTH, "values nest too deeply");
    /// Evaluated for every type that crosses, and for its parts. A type that holds no `RRef` and no capability must
    /// have no destructor. The check is in the trait, because the derive reaches its support code by a name to which
    /// the user's crate can give another meaning.
    #[doc(hidden)]
    const NO_DESTRUCTOR_OF_ITS_OWN: () = assert!(
        Self::NESTED || !core::mem::needs_drop::<Self>(),
        "plain data has no destructor"
    );

    /// Changes the owner of everything that the value holds. Generated proxies call it.
    fn transfer(&self, to: &Transfer);
}

/// The limit on the levels of nested values. Every type that crosses has fewer levels, and a transfer makes as many
/// nested calls as the type has levels.
pub const MAX_DEPTH: usize = 48;

/// The compile-time check that the derive writes for every field.
#[doc(hidden)]
#[inline]
pub const fn assert_exchangeable<T: Exchangeable>() {}

/// Returns the largest of `depths`. The evaluation fails to compile for recursive types.
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
/// A shared reference gives no access to the lender's private heap. It stays valid while the lender's activation is on
/// the thread's chain, even if the lender is killed meanwhile.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be lent to another domain",
    label = "only `&RRef<T>`, and `&[T]` and `&str` of plain data, are lent",
    note = "move the value, or put it in an `RRef` and lend that"
)]
pub unsafe trait Lend {
    /// The type as data.
    const DESCRIPTOR: TypeDescriptor;
    /// Evaluated by `#[interface]` for every lent argument. Fails to compile if the argument must not be lent.
    const LENDABLE: () = ();
}

// SAFETY: the memory of a private slice (the lender's heap or stack) is freed only after the lender's activation has
// left the chain, and the lender's objects are reclaimed only after that, too (soundness.md, section 3). `LENDABLE`
// ensures that the slice holds plain data. No device ever gets its address, because DMA takes only pinned buffers
// (CROSS-7, LIFE-2).
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

/// An argument whose contents need not be kept, such as a buffer to be filled. A shadow that retries a call allocates
/// it again instead of recording it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a `#[scratch]` argument",
    note = "`RRef<[T]>` and `RRef<T>` of plain zeroable data can"
)]
pub trait Scratch: Exchangeable + Sized {
    /// The data that is needed to allocate it again.
    type Shape: Copy;

    /// Returns the shape of this value.
    fn shape(&self) -> Self::Shape;

    /// Allocates a zeroed value of that shape.
    ///
    /// # Errors
    /// The heap has no room or the domain's quota is used up.
    fn renew(shape: Self::Shape) -> Result<Self, AllocError>;
}
