//! The `jump` backend: a register boundary. It needs no tables and no allocation, and works on stable Rust with
//! `panic = "abort"`.
//!
//! **Feature `jump`.** Without it, the module is in the docs only.
//!
//! [`catch`] saves the registers that a function must preserve, and then runs its closure. A panic restores them. The
//! frames in between are **cut**: they are discarded and no destructor in them runs. The resources that they held are
//! released when the domain that died of the panic is reclaimed: objects and capabilities by their owner words, private
//! memory as a whole.
//!
//! # What a program supplies
//!
//! * [`set_jump_host!`](crate::set_jump_host): an [`Anchor`] for each thread, and the promise of [`JumpHost`].
//! * `panic = "abort"` in its profile, and a `#[panic_handler]` that records the message and then calls
//!   [`begin_panic`].
//!
//! # What differs from the backends that unwind
//!
//! * A lock that the cut code held stays locked. Only the code's own domain can wait for that lock, and the domain is
//!   dead. A thread that already waits there must be cut too before the domain drains.
//! * A second panic, in a destructor or in a message's `Display`, is contained like the first.
//! * [`RUNS_DESTRUCTORS`] is false.
//!
//! # No frame is returned to twice
//!
//! Only the assembly in `arch` saves and restores registers. It is called once and returns once, to one place, either
//! because the closure ended or because a panic cut it. To the compiler that is an ordinary opaque call that returns a
//! status. There is no second return as with C's `setjmp`.

mod anchor;
mod arch;

use core::mem::{ManuallyDrop, MaybeUninit};
use core::panic::PanicInfo;
use core::ptr::NonNull;

use crate::UnwindFailed;
pub use anchor::{Anchor, JumpHost};

/// Whether the destructors between a panic and its boundary run. With this backend they do not.
pub const RUNS_DESTRUCTORS: bool = false;

/// The payload of a contained panic, which is empty.
#[derive(Debug)]
#[must_use = "dispose of the payload inside the boundary"]
pub struct Payload(());

impl Payload {
    /// Disposes of the payload, which is empty.
    pub fn dispose(self) {}
}

/// The data that crosses the assembly: the closure on the way in, and its result on the way out.
struct Call<F, R> {
    body: ManuallyDrop<F>,
    result: MaybeUninit<R>,
}

/// Runs `f`. A panic inside ends here, and all frames inside are cut.
///
/// # Errors
/// Returns an empty payload after a panic, which has ended.
///
/// Cost: stores the registers that a function must preserve. They are loaded again only after a panic, except the few
/// that the assembly itself uses.
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
    // SAFETY: `run` is the entry for a `Call<F, R>`, to which `data` points and which nothing else uses meanwhile. The
    // anchor is the running thread's (`JumpHost`). If the frames inside are cut, their destructors do not run;
    // `JumpHost` promises that nothing relies on them.
    let cut = unsafe { arch::call(run::<F, R>, data, anchor.place()) };
    if cut {
        return Err(Payload(()));
    }
    // SAFETY: `run` returned, after it wrote the result.
    Ok(unsafe { call.result.assume_init() })
}

/// Runs the closure of a `Call<F, R>`.
///
/// # Safety
/// `data` points to a `Call<F, R>` that was not run yet, and that nothing else uses.
unsafe extern "C" fn run<F: FnOnce() -> R, R>(data: *mut ()) {
    let call = data.cast::<Call<F, R>>();
    // SAFETY: upheld by the caller.
    let call = unsafe { &mut *call };
    // SAFETY: the call was not run yet, so the closure is taken once.
    let body = unsafe { ManuallyDrop::take(&mut call.body) };
    call.result.write(body());
}

/// Cuts to the innermost boundary, without the panic handler.
///
/// # Panics
/// If there is no boundary.
pub fn raise() -> ! {
    let failed = begin_panic();
    panic!("nothing to return to: {failed}");
}

/// Passes a panic that a [`catch`] has stopped on to the next one. Allocates nothing.
///
/// # Panics
/// As [`raise`].
pub fn resume(_: Payload) -> ! {
    raise()
}

/// Cuts to the innermost boundary for a panic that the program's panic handler has recorded.
///
/// Returns only if there is no boundary. The handler must then stop the program.
///
/// The root of the crate re-exports it with the feature `jump` if `std` and `dwarf` are off.
///
/// A panic of trusted code that acts for the host must not be cut, because its locks would stay locked. The runtime's
/// `panic::record` returns false for such a panic.
#[must_use = "it returns only on failure"]
pub fn begin_panic() -> UnwindFailed {
    match NonNull::new(anchor::current().innermost()) {
        // SAFETY: the anchor of the running thread holds its innermost boundary. The frame of that boundary is alive,
        // because a boundary takes itself off the anchor before it returns. Nothing relies on the destructors in the
        // frames that are cut (`JumpHost`).
        Some(boundary) => unsafe { arch::raise(boundary.as_ptr()) },
        None => UnwindFailed::NoBoundary,
    }
}

/// Rewrites the registers of an interrupted thread, so that the thread continues as if it had panicked: at its
/// innermost boundary, which its `anchor` holds. A trap handler does this after a fault, or to kill a domain.
///
/// Needs no tables, because the thread will load the registers that the boundary has saved. Costs two loads and five
/// stores.
///
/// # Errors
/// [`UnwindFailed::NoBoundary`]. Then `registers` are unchanged.
///
/// # Safety
/// * `registers` are those of a thread that does not run meanwhile. It was stopped inside its innermost boundary, but
///   not in [`catch`]'s own instructions, and will be resumed with all registers as they are after this call.
/// * `anchor` is that thread's, and its stack is mapped: the thread reads the boundary when it continues.
#[cfg(target_arch = "x86_64")]
pub unsafe fn cut(
    registers: &mut crate::cut::Registers,
    anchor: &Anchor,
) -> Result<(), UnwindFailed> {
    let boundary = NonNull::new(anchor.innermost()).ok_or(UnwindFailed::NoBoundary)?;
    arch::land(registers, boundary.as_ptr());
    Ok(())
}

/// Whether this panic may be contained. Always true: code that is compiled to never unwind is cut like any other.
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
