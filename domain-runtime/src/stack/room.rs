//! How much stack a call takes, and whether the thread has it.

use super::need::RESERVE;
use crate::call::Target;
use samara_shared_heap::thread::ThreadSlot;

/// The largest number of copies of a call's moved values that lie on the stack below the place where room is asked
/// for. Unoptimised code keeps a copy in each function that takes or returns the value. In debug builds 28 are too
/// few for `attack_large_values`, and 32 are enough. Where the stack pointer cannot be read, the copies of the asking
/// function count too: 29 more.
const COPIES: usize = if cfg!(target_arch = "x86_64") { 32 } else { 64 };

/// Bytes that a call may move by value, arguments and result together. No stack of a kernel would have room for a
/// call that moved more.
const MOST: usize = 64 << 10;

/// Bytes of stack that one copy of `T` takes. A frame that holds a value aligned beyond the frame's own alignment is
/// larger by four times the value's alignment (counted in debug builds). There are about two copies in each frame.
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

/// Bytes of stack that a call takes beside [`RESERVE`] to move `A` in and `R` back. It is a constant of each call, so
/// the check of the stack costs the same for all calls. A call that moves more than 64 KiB does not compile.
#[must_use]
pub const fn to_move<A, R>() -> usize {
    /// Bytes for which `RESERVE` has room. On some targets, adding the bytes of a call to an address costs an
    /// instruction, unless they are 0. Calls that move no more than this count as 0 and save that instruction.
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

/// The signature of a call, `fn(A) -> R`, which determines how many bytes the call moves by value. An entry asks for
/// the room of its own signature. If arguments are lent to the entry and copied inside, it asks for the room of the
/// method inside. The caller of [`enter_on`](crate::call::enter_on) vouches for the right signature.
pub trait CallSignature {
    /// Bytes of stack that the moved values take: [`to_move`].
    const BYTES: usize;
}

impl<A, R> CallSignature for fn(A) -> R {
    const BYTES: usize = to_move::<A, R>();
}

/// Bytes of stack that an entry into `target` asks for if it moves as much as a call of the signature `M`.
pub(crate) fn needed<M: CallSignature>(target: Target) -> usize {
    let bytes = target.block().stack.bytes();
    let bytes = bytes.saturating_add(M::BYTES);
    bytes.min(isize::MAX as usize)
}

/// How much of its stack the running thread has left. With addresses of 64 bits it is negative, as a signed number,
/// while the stack's reserve is open, and very large if the host has not told where the stack is.
#[inline(always)]
pub(super) fn left(thread: &ThreadSlot) -> usize {
    let here = 0_u8;
    (&raw const here).addr().wrapping_sub(thread.floor())
}

/// Whether `left` is less than `needed`. With addresses of 64 bits, which hosts with reserves have, `left` counts as
/// a signed number: no stack is so long that the rest of it looks negative.
#[inline(always)]
pub(super) const fn is_less(left: usize, needed: usize) -> bool {
    if cfg!(target_pointer_width = "64") {
        (left as isize) < needed as isize
    } else {
        left < needed
    }
}

/// Whether the running thread has too little stack for the bytes that `target` asks for and those that a call of the
/// signature `M` moves. Takes one load of a line that the call needs anyway, and one of the thread's slot.
#[inline(always)]
#[must_use]
pub fn is_short<M: CallSignature>(thread: &ThreadSlot, target: Target) -> bool {
    is_short_of::<M>(thread, target.block().stack.bytes())
}

/// Whether fewer than `needed` bytes of stack are left beside the bytes that a call of the signature `M` takes to
/// move its values.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn is_short_of<M: CallSignature>(thread: &ThreadSlot, needed: usize) -> bool {
    let address: usize;
    // Reads the stack pointer, since all of the frame that this is inlined in lies above it. A local's address may be
    // anywhere among the copies of the moved values.
    // SAFETY: the instruction computes an address; it accesses no memory.
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

/// As above. Adds to `needed` instead of subtracting from the bytes that are left: where the comparison is unsigned,
/// a negative difference would not be seen.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn is_short_of<M: CallSignature>(thread: &ThreadSlot, needed: usize) -> bool {
    is_less(left(thread), needed.saturating_add(M::BYTES))
}

/// Whether the running thread has too little stack for a boundary inside a domain that moves `A` in and `R` back.
pub(crate) fn has_no_room_to_move<A, R>(thread: &ThreadSlot) -> bool {
    is_short_of::<fn(A) -> R>(thread, RESERVE)
}

/// Bytes of stack beside [`START`] that a start takes to move `A` from its recipe to `init`. The functions on that
/// way ask for no room, and hold copies of their own: 32, counted in a debug build.
#[cfg(feature = "alloc")]
pub(crate) const fn to_mint<A>() -> usize {
    // A start is already promised that much.
    to_move::<A, ()>().saturating_mul(3).saturating_sub(RESERVE)
}
