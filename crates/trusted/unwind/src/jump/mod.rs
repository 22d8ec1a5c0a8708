//! The `jump` backend: a register boundary. No tables, no allocation, stable Rust, `panic = "abort"`.
//!
//! **Feature `jump`.** Without it, the module is in the docs only.
//!
//! [`catch`] saves the registers that a function must preserve and runs its closure above them; a
//! panic puts them back. The frames in between are **cut**: given up as they are. No destructor in
//! them runs. What they held is released otherwise: objects and capabilities by their owner words,
//! private memory as a whole, when the domain that died of the panic is reclaimed.
//!
//! # What a program supplies
//!
//! * [`set_jump_host!`](crate::set_jump_host): an [`Anchor`] for each thread, and the promise of
//!   [`JumpHost`].
//! * `panic = "abort"` in its profile, and a `#[panic_handler]` that records the message and then
//!   calls [`begin_panic`].
//!
//! # What differs from the backends that unwind
//!
//! * A lock that cut code held stays locked. Only its own domain can wait for it, and that is dead;
//!   a thread that already waits there must be cut too before the domain drains.
//! * A second panic, in a destructor or in a message's `Display`, is contained like the first.
//! * [`RUNS_DESTRUCTORS`] is false.
//!
//! # No frame is returned to twice
//!
//! Only the assembly in `arch` saves and restores. It is called once and returns once, to one
//! place, either because the closure ended or because a panic gave it up: to the compiler an
//! ordinary opaque call with a status. There is no second return as with C's `setjmp`.

mod anchor;
mod arch;

use core::mem::{ManuallyDrop, MaybeUninit};
use core::panic::PanicInfo;
use core::ptr::NonNull;

use crate::UnwindFailed;
pub use anchor::{Anchor, JumpHost};

/// Whether the destructors between a panic and its boundary run: not with this backend.
pub const RUNS_DESTRUCTORS: bool = false;

/// What a contained panic left behind: nothing.
#[derive(Debug)]
#[must_use = "dispose of the payload inside the boundary"]
pub struct Payload(());

impl Payload {
    /// Gives back what the panic held.
    pub fn dispose(self) {}
}

/// What crosses the assembly: the closure on the way in, its result on the way out.
struct Call<F, R> {
    body: ManuallyDrop<F>,
    result: MaybeUninit<R>,
}

/// Runs `f`; a panic inside ends here, and everything above is cut.
///
/// # Errors
/// The panic is over; nothing is left of it.
///
/// Cost: the registers that a function must preserve are stored once, and nothing is loaded again
/// while nothing panics.
///
/// Failure: F-5
#[inline]
pub fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
    catch_at(anchor::current(), f)
}

#[inline]
fn catch_at<F: FnOnce() -> R, R>(anchor: &Anchor, f: F) -> Result<R, Payload> {
    let mut call = Call {
        body: ManuallyDrop::new(f),
        result: MaybeUninit::uninit(),
    };
    let data = (&raw mut call).cast();
    // SAFETY: `run` is the entry for a `Call<F, R>`, which `data` points to and nobody else uses
    // meanwhile; the anchor is the running thread's (`JumpHost`). If the frames above are cut, what
    // that leaves undone is what `JumpHost` promises nobody relies on.
    let cut = unsafe { arch::call(run::<F, R>, data, anchor.place()) };
    if cut {
        return Err(Payload(()));
    }
    // SAFETY: `run` came to its end, where it wrote the result.
    Ok(unsafe { call.result.assume_init() })
}

/// Runs the closure of a `Call<F, R>`.
///
/// # Safety
/// `data` points to one that was not run yet, and that nobody else uses.
unsafe extern "C" fn run<F: FnOnce() -> R, R>(data: *mut ()) {
    let call = data.cast::<Call<F, R>>();
    // SAFETY: the caller's.
    let call = unsafe { &mut *call };
    // SAFETY: it was not run yet: the closure is taken once.
    let body = unsafe { ManuallyDrop::take(&mut call.body) };
    call.result.write(body());
}

/// Cuts to the innermost boundary; the panic handler is not asked.
///
/// # Panics
/// Where there is no boundary.
pub fn raise() -> ! {
    let failed = begin_panic();
    panic!("nothing to return to: {failed}");
}

/// Passes on what a [`catch`] has stopped, to the next one. Nothing is allocated.
///
/// # Panics
/// As [`raise`].
pub fn resume(_: Payload) -> ! {
    raise()
}

/// Cuts to the innermost boundary for a panic that the program's panic handler has recorded.
///
/// Returns only if there is none: the handler must then stop the program. At the crate's root with the feature `jump`, where
/// neither `std` nor `dwarf` is on.
///
/// A panic of trusted code that acts for the host must not be cut: its locks would stay locked. The
/// runtime's `panic::record` tells it from a domain's by returning false.
#[must_use = "it returns only on failure"]
pub fn begin_panic() -> UnwindFailed {
    match NonNull::new(anchor::current().innermost()) {
        // SAFETY: the anchor of the running thread holds its innermost boundary, whose frame is
        // alive: it takes itself out of the anchor before it ends. What is cut above it nobody
        // relies on (`JumpHost`).
        Some(boundary) => unsafe { arch::raise(boundary.as_ptr()) },
        None => UnwindFailed::NoBoundary,
    }
}

/// Rewrites `registers`, those of an interrupted thread, so that it goes on as if it had panicked: at its
/// innermost boundary, which is in its `anchor`. What a trap handler does for a fault, or for a kill.
///
/// Needs no tables: what the boundary has saved is loaded. Two loads and five stores.
///
/// # Errors
/// [`UnwindFailed::NoBoundary`]; then `registers` are as they were.
///
/// # Safety
/// * `registers` are those of a thread that does not run meanwhile, stopped above its innermost boundary and
///   outside of [`catch`]'s own instructions, and will be loaded as they are then, all of them.
/// * `anchor` is that thread's, and its stack is mapped: the boundary is read when the thread goes on.
#[cfg(target_arch = "x86_64")]
pub unsafe fn cut(
    registers: &mut crate::cut::Registers,
    anchor: &Anchor,
) -> Result<(), UnwindFailed> {
    let boundary = NonNull::new(anchor.innermost()).ok_or(UnwindFailed::NoBoundary)?;
    arch::land(registers, boundary.as_ptr());
    Ok(())
}

/// Whether this panic may be contained: always. Code compiled to never unwind is cut as well.
#[must_use]
pub fn may_unwind(_: &PanicInfo<'_>) -> bool {
    true
}

#[cfg(samara_tables)]
#[cfg_attr(
    any(feature = "std", feature = "dwarf"),
    expect(dead_code, reason = "another backend is chosen")
)]
pub(crate) fn raise_cut_within(_: core::ops::Range<usize>) -> ! {
    raise()
}

/// Always false: no code runs between a panic and its boundary.
#[must_use]
pub fn is_unwinding() -> bool {
    false
}
