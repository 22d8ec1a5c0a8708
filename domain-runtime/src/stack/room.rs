//! How much room a call takes, and whether the stack has it.

use super::need::RESERVE;
use crate::call::Target;
use samara_shared_heap::thread::ThreadSlot;

/// The most copies of what a call moves that lie on the stack below the place where room was asked for. Code that is not
/// optimised keeps a copy in each function that takes or gives the value. In debug builds 28 are too few for
/// `attack_large_values`, and 32 are enough. Where the stack pointer can't be asked, the copies of the asking function count
/// too, which are 29 more.
const COPIES: usize = if cfg!(target_arch = "x86_64") { 32 } else { 64 };

/// Bytes that a call may move by value, arguments and result together: more would find room on no stack that a kernel has.
const MOST: usize = 64 << 10;

/// Bytes of stack that a copy of `T` takes. A frame with something that is aligned beyond a frame's own alignment is larger
/// by four times that, counted in debug builds; there are about two copies for each frame.
const fn copied<T>() -> usize {
    const FRAME: usize = 16;
    let align = align_of::<T>();
    let aligns = if align > FRAME {
        align.saturating_mul(2)
    } else {
        0
    };
    size_of::<T>().saturating_add(aligns)
}

/// Bytes of stack that a call takes beside [`RESERVE`] to move `A` in and `R` back. A constant of each call, so the look
/// at the stack costs the same for all. More than 64 KiB do not compile.
#[must_use]
pub const fn to_move<A, R>() -> usize {
    /// What `RESERVE` has room for: where the constant is no part of an address it is an instruction.
    const FREE: usize = 64;
    let both = copied::<A>().saturating_add(copied::<R>());
    assert!(
        both <= MOST,
        "a call moves arguments and a result of more than 64 KiB by value: move them in an `RRef`"
    );
    if both <= FREE {
        0
    } else {
        both.strict_mul(COPIES)
    }
}

/// The signature of a call, `fn(A) -> R`, which tells how many bytes the call moves by value. An entry asks for the room of its
/// own signature, or of that of a method whose arguments are lent to the entry and copied inside. The caller of
/// [`enter_on`](crate::call::enter_on) vouches that it is the right one.
pub trait CallSignature {
    /// Bytes of stack that it takes: [`to_move`].
    const BYTES: usize;
}

impl<A, R> CallSignature for fn(A) -> R {
    const BYTES: usize = to_move::<A, R>();
}

/// What an entry that moves as much as `M` takes of the stack.
pub(crate) fn needed<M: CallSignature>(target: Target) -> usize {
    let bytes = target.block().stack.bytes();
    let bytes = bytes.saturating_add(M::BYTES);
    bytes.min(isize::MAX as usize)
}

/// How much of its stack the running thread has left: less than nothing while its reserve is open, very much where
/// the host has not told.
#[inline(always)]
pub(super) fn left(thread: &ThreadSlot) -> usize {
    let here = 0_u8;
    (&raw const here).addr().wrapping_sub(thread.floor())
}

/// Whether `left` is less than `needed`. Hosts with reserves have addresses of 64 bits, of which no stack takes so many
/// that what it has left looks negative.
#[inline(always)]
pub(super) const fn is_less(left: usize, needed: usize) -> bool {
    if cfg!(target_pointer_width = "64") {
        (left as isize) < needed as isize
    } else {
        left < needed
    }
}

/// Whether the running thread has too little room for what it would enter, and for what a call like `M` moves. One load of
/// a line that the call needs anyway, and one of the thread's slot.
#[inline(always)]
#[must_use]
pub fn is_short<M: CallSignature>(thread: &ThreadSlot, target: Target) -> bool {
    is_short_of::<M>(thread, target.block().stack.bytes())
}

/// Whether less than `needed` bytes are left beside what it takes to move as much as `M`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn is_short_of<M: CallSignature>(thread: &ThreadSlot, needed: usize) -> bool {
    let address: usize;
    // All of the frame that this is expanded in lies above the stack pointer: a local's address may be anywhere among
    // the copies of what the call moves.
    // SAFETY: computes an address; nothing is accessed.
    unsafe {
        core::arch::asm!(
            "lea {address}, [rsp - {bytes}]",
            address = out(reg) address,
            bytes = const M::BYTES,
            options(nomem, nostack, preserves_flags),
        );
    }
    is_less(address.wrapping_sub(thread.floor()), needed)
}

/// As above. A sum, where nothing says that a difference is less than nothing.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn is_short_of<M: CallSignature>(thread: &ThreadSlot, needed: usize) -> bool {
    is_less(left(thread), needed.saturating_add(M::BYTES))
}

/// Whether the running thread has too little room for a boundary inside a domain, which moves `A` in and `R` back.
pub(crate) fn has_no_room_to_move<A, R>(thread: &ThreadSlot) -> bool {
    is_short_of::<fn(A) -> R>(thread, RESERVE)
}

/// Bytes of stack beside [`START`] that a start takes to move `A` from its recipe to `init`. The functions on the way
/// ask for no room, and have copies of their own: 32, counted in a debug build.
#[cfg(feature = "alloc")]
pub(crate) const fn to_mint<A>() -> usize {
    // So much is in what a start is promised.
    to_move::<A, ()>().saturating_mul(3).saturating_sub(RESERVE)
}
