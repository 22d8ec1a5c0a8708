//! The stack's limit: room is asked for before a domain is entered, not missed inside.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use crate::call::{self, Failure, Refusal, Target};
use crate::host::{self, StackProbe};
use crate::segments::Asking;
use crate::{contain, shortage};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::time::Duration;
use samara_rref::Exchangeable;
use samara_shared_heap::thread::{self, ThreadSlot};
use spin::Once;

/// Bytes that each entry leaves free beside what the domain asks for: what the boundary itself takes on
/// the way in and out, a caught panic included.
pub const RESERVE: usize = if cfg!(feature = "small") {
    1 << 10
} else {
    16 << 10
};

/// Bytes that a start is promised beside what its domain asks for: for `init`, the calls that are made again, and
/// what they call. It isn't begun where there are less. One that has used more itself when an entry further in
/// finds no room has failed by itself; before that, the thread that it ran on was too short.
pub const START: usize = 3 * RESERVE;

/// How often, at most, what a call moves lies on the stack below where room for it was asked for. Each function that
/// takes or gives a value has copies of its own in code that is not optimised: 17 of arguments, 14 of a result, counted
/// in debug builds. Where the stack pointer can't be asked, those of the asking function count too, which are 29 more.
const COPIES: usize = if cfg!(target_arch = "x86_64") { 24 } else { 64 };

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
pub trait Moves {
    /// Bytes of stack that it takes: [`to_move`].
    const BYTES: usize;
}

impl<A, R> Moves for fn(A) -> R {
    const BYTES: usize = to_move::<A, R>();
}

/// What an entry that moves as much as `M` takes of the stack.
fn needed<M: Moves>(target: Target) -> usize {
    let bytes = target.block().stack.bytes();
    let bytes = bytes.saturating_add(M::BYTES);
    bytes.min(isize::MAX as usize)
}

/// How much room a domain's entries must find. Not one of the modelled atomics: what it says is settled
/// before the first entry of a generation, whose publication orders it.
#[derive(Debug)]
pub(crate) struct Need(AtomicUsize);

impl Need {
    #[expect(clippy::declare_interior_mutable_const, reason = "an initial value")]
    pub(crate) const NEW: Self = Self(AtomicUsize::new(RESERVE));

    /// Has entries ask for `bytes` beside the runtime's own.
    pub(crate) fn set(&self, bytes: usize) {
        self.0.store(with_reserve(bytes), Relaxed);
    }

    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// Bytes that a start of the domain is promised.
    #[cfg(feature = "alloc")]
    pub(crate) fn to_start(&self) -> usize {
        to_start(self.bytes())
    }
}

/// `bytes`, and what the runtime itself takes. No stack is as long as half the address space: a sum that wrapped, or
/// looked negative, would ask for little.
fn with_reserve(bytes: usize) -> usize {
    const MOST: usize = isize::MAX as usize - 2 * RESERVE;
    bytes.min(MOST).saturating_add(RESERVE)
}

static PROBE: Once<&'static dyn StackProbe> = Once::new();

/// See [`Runtime::set_stack_probe`](crate::Runtime::set_stack_probe).
pub(crate) fn set_probe(probe: &'static dyn StackProbe) -> bool {
    let mut first = false;
    PROBE.call_once(|| {
        first = true;
        probe
    });
    first
}

/// A thread came out of a domain that died.
pub(crate) fn close_reserve() {
    if let Some(probe) = PROBE.get() {
        // SAFETY: the host's, which a cut would leave half done.
        unsafe { thread::as_host(|| probe.close_reserve()) };
    }
}

/// How much of its stack the running thread has left: less than nothing while its reserve is open, very much where
/// the host has not told.
#[inline(always)]
fn left(thread: &ThreadSlot) -> usize {
    let here = 0_u8;
    (&raw const here).addr().wrapping_sub(thread.floor())
}

/// Whether `left` is less than `needed`. Hosts with reserves have addresses of 64 bits, of which no stack takes so many
/// that what it has left looks negative.
#[inline(always)]
const fn is_less(left: usize, needed: usize) -> bool {
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
pub fn is_short<M: Moves>(thread: &ThreadSlot, target: Target) -> bool {
    is_short_of::<M>(thread, target.block().stack.bytes())
}

/// Whether less than `needed` bytes are left beside what it takes to move as much as `M`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn is_short_of<M: Moves>(thread: &ThreadSlot, needed: usize) -> bool {
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
fn is_short_of<M: Moves>(thread: &ThreadSlot, needed: usize) -> bool {
    is_less(left(thread), needed.saturating_add(M::BYTES))
}

/// Whether the running thread has too little room for a boundary inside a domain, which moves `A` in and `R` back.
pub(crate) fn has_no_room_to_move<A, R>(thread: &ThreadSlot) -> bool {
    is_short_of::<fn(A) -> R>(thread, RESERVE)
}

/// [`call::enter_on`] where the stack is short: on more stack, if the host has some.
///
/// # Safety
/// As for [`call::enter_on`].
#[cold]
#[inline(never)]
pub(crate) unsafe fn enter<const METERED: bool, M: Moves, A: Exchangeable, R: Exchangeable>(
    thread: &ThreadSlot,
    target: Target,
    arguments: A,
    body: impl FnOnce(A) -> R,
    refusal: &mut Refusal,
) -> Result<R, Failure<A>> {
    if target.is_dead() {
        // It takes no stack to be told so, and how much its slot asks for is said by who has that now.
        // SAFETY: handed on; nothing is entered.
        return unsafe {
            call::enter_with_room::<METERED, A, R>(thread, None, target, arguments, body, refusal)
        };
    }
    let (from, caller) = (thread.top(), thread.owner());
    let needed = needed::<M>(target);
    // There the boundary's own frame, with copies of its own, is on the segment too.
    let on_segment = needed.saturating_add(M::BYTES);
    let mut call = Some((arguments, body));
    let mut outcome = None;
    let mut callee = || {
        if let Some((arguments, body)) = call.take() {
            // As a call of the caller's, though its frame is not on top: what comes back is the caller's before it gets
            // here, and never the host's.
            let from = Some(from);
            // SAFETY: handed on; the probe sees to the room; the caller's frames are below the host's.
            let entered = unsafe {
                call::enter_with_room::<METERED, A, R>(
                    thread, from, target, arguments, body, refusal,
                )
            };
            outcome = Some(entered);
        }
    };
    extend(thread, on_segment, &mut callee);
    call::return_to_caller(thread, caller);
    match (outcome, call) {
        (Some(outcome), _) => outcome,
        (None, Some((arguments, _))) => {
            *refusal = Refusal::StackExhausted;
            shortage::note(thread, needed);
            Err(Failure::Refused(arguments))
        }
        // Taken and not ended: the thread does not come here.
        (None, None) => Err(Failure::Crashed),
    }
}

/// Has the host call `callee` where there is room. Between the stacks the thread acts for the host, so it
/// is not cut there, and nothing raises over the end of one: on return to a dead caller it is raised
/// from the caller's own stack.
fn extend(thread: &ThreadSlot, needed: usize, callee: &mut dyn FnMut()) {
    let Some(probe) = PROBE.get() else {
        return;
    };
    let mut callee = shortage::moved(thread, callee);
    let left = if thread.has_open_reserve() {
        0
    } else {
        left(thread)
    };
    let go_on = || {
        let asking = Asking::begin(thread);
        let (began, mut inside, mut ticks_inside) = (host::now_ns(), 0, 0);
        let mut callee = || {
            let (entered, spared) = (host::now_ns(), thread.spared());
            callee();
            ticks_inside = thread.spared().saturating_sub(spared);
            thread.set_spared(spared);
            inside = host::now_ns().saturating_sub(entered);
        };
        let extend = || probe.extend(needed, left, asking.asker(), &mut callee);
        // SAFETY: the probe is the host's, and `callee` begins with a frame of the target's own.
        let (_, ticks) = unsafe { thread::as_host_uncharged(extend) };
        drop(asking);
        // Ticks that a callee of the host's has counted belong to the stretch around.
        thread.set_spared(thread.spared().saturating_add(ticks_inside));
        // The calling domain pays for the host's work on its call.
        let took = host::now_ns().saturating_sub(began).saturating_sub(inside);
        contain::host_worked(Duration::from_nanos(took), ticks);
    };
    // SAFETY: as above; the rest is the runtime's own.
    unsafe { thread::as_host(go_on) };
}

/// Bytes of stack beside [`START`] that a start takes to move `A` from its recipe to `init`. The functions on the way
/// ask for no room, and have copies of their own: 32, counted in a debug build.
#[cfg(feature = "alloc")]
pub(crate) const fn to_mint<A>() -> usize {
    // So much is in what a start is promised.
    to_move::<A, ()>().saturating_mul(3).saturating_sub(RESERVE)
}

/// Bytes of stack that a start of a domain which asks for `bytes` is promised.
#[cfg(feature = "alloc")]
pub(crate) fn promised(bytes: usize) -> usize {
    to_start(with_reserve(bytes))
}

/// What a start is promised whose first entry asks for `needed` bytes; what no stack has where that is.
#[cfg(feature = "alloc")]
fn to_start(needed: usize) -> usize {
    needed
        .saturating_add(START - RESERVE)
        .min(isize::MAX as usize)
}

/// Runs `start` where there are `needed` bytes of stack; `None`, and nothing was done, if there is no such place.
///
/// Whoever finds a domain dead restarts it on its own stack: with too little of that each start fails, and spends
/// restarts that belong to all.
#[cfg(feature = "alloc")]
pub(crate) fn with_room_to_start<R>(needed: usize, start: impl FnOnce() -> R) -> Option<R> {
    let thread = thread::current();
    if !is_less(left(thread), needed) {
        return Some(start());
    }
    let (mut start, mut outcome) = (Some(start), None);
    let mut callee = || outcome = start.take().map(|start| start());
    extend(thread, needed, &mut callee);
    if start.is_some() {
        shortage::note(thread, needed);
    }
    outcome
}
