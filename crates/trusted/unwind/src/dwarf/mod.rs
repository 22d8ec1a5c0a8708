//! The `dwarf` backend: unwind tables, no allocation.
//!
//! On x86_64 this crate unwinds by itself. The images whose code raises, or has frames through which a panic unwinds,
//! must first be registered with [`tables::register_image`](crate::tables::register_image). On other architectures
//! the `unwinding` crate unwinds, and finds the tables by the linker's symbols.
//!
//! # What a kernel supplies
//!
//! * [`set_thread_state!`](crate::set_thread_state): the function that returns the [`ThreadState`] of the running
//!   thread.
//! * A `#[panic_handler]` that records the message and then, if the panic [`may_unwind`], calls [`begin_panic`].
//! * The lines for the linker: see the [crate's documentation](crate). The tables are mapped readable.
//!
//! The outermost frame's return address must be zero, which ends a walk.
//!
//! # In a program with `std`
//!
//! On x86_64 Linux this module can be used beside the `std` backend, for tests and measurements. The panics of each
//! unwinder pass the frames and boundaries of the other, with one exception: `std::panic::catch_unwind` aborts the
//! process when a foreign panic lands there.

mod exception;
mod thread_state;
#[cfg(samara_tables)]
#[path = "by_tables/mod.rs"]
mod unwinder;
#[cfg(not(samara_tables))]
#[path = "by_library/mod.rs"]
mod unwinder;

use core::panic::PanicInfo;

use crate::UnwindFailed;
pub use thread_state::ThreadState;
pub use unwinder::backtrace;

/// The payload of a contained panic. It is empty: the panic handler has recorded the message, and the exception object
/// was released when the panic reached the boundary.
#[derive(Debug)]
#[must_use = "dispose of the payload inside the boundary"]
pub struct Payload(());

impl Payload {
    /// Disposes of the payload, which is empty.
    pub fn dispose(self) {}
}

/// Whether the destructors between a panic and its boundary run.
pub const RUNS_DESTRUCTORS: bool = true;

/// Runs `f`. A panic inside ends here, after the destructors in between have run.
///
/// # Errors
/// Returns the payload of the panic, which has ended. Dispose of it.
///
/// Cost: none beyond the call while nothing panics.
#[inline]
pub fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
    // The exception was released on landing. The error only says that `f` panicked.
    unwinder::catch(f).map_err(|()| Payload(()))
}

/// Unwinds to the innermost boundary, without the panic handler and without an allocation.
///
/// # Panics
/// If no boundary can be reached. The kernel's panic handler then fails to unwind, too.
pub fn raise() -> ! {
    let failed = begin_panic();
    panic!("unwinding failed: {failed}");
}

/// Passes a panic that a [`catch`] has stopped on to the next one. Allocates nothing.
///
/// # Panics
/// As [`raise`].
pub fn resume(_: Payload) -> ! {
    raise()
}

/// Starts unwinding for a panic that the kernel's panic handler has recorded.
///
/// Returns only if the panic cannot be delivered. The handler must then stop the kernel.
///
/// The root of the crate re-exports it with the feature `dwarf` if `std` is off.
#[must_use = "it returns only on failure"]
pub fn begin_panic() -> UnwindFailed {
    let Some(exception) = thread_state::current().claim() else {
        return UnwindFailed::TooDeep;
    };
    exception.begins_here();
    let failed = unwinder::begin(exception);
    exception.release();
    failed
}

/// The exception that [`raise_cut`] has raised, for the landing pad at which the thread continues after a cut.
#[cfg(samara_tables)]
#[derive(Debug)]
#[must_use = "counts as a panic in flight until the boundary gets it"]
#[repr(transparent)]
pub struct Landed(&'static exception::ExceptionSlot);

/// The simplest [hook](crate::cut::Raise::by_dwarf) of a cut to a boundary of this backend. Without the feature `std`,
/// [`cut::raise`](crate::cut::raise()) is the same. First forgets the panics that began below `boundary`, where all
/// frames were discarded. An exception object for the cut is always available, because only one cut is in progress at a
/// time.
#[cfg(samara_tables)]
pub extern "C-unwind" fn raise_cut(boundary: usize) -> Landed {
    raise_cut_within(0..boundary)
}

/// As [`raise_cut`], for programs whose threads change stacks: see [`cut::raise_within`](crate::cut::raise_within).
#[cfg(samara_tables)]
pub fn raise_cut_within(given_up: core::ops::Range<usize>) -> Landed {
    Landed(thread_state::current().claim_for_cut(&given_up))
}

/// Whether this panic may be unwound. It may not if it began in code that is compiled to never unwind, such as a
/// destructor that an earlier panic runs, an `extern "C"` function, or `alloc`'s report of exhausted memory. Only a
/// cut, which runs no destructors, can contain such a panic.
#[must_use]
pub fn may_unwind(panic: &PanicInfo<'_>) -> bool {
    panic.can_unwind()
}

/// Whether a panic is in flight on this thread, that is, on its way to its boundary. True in the destructors that it
/// runs.
#[must_use]
pub fn is_unwinding() -> bool {
    thread_state::current().is_unwinding()
}
