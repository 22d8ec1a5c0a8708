//! The `dwarf` backend: unwind tables, no allocation.
//!
//! On x86_64 this crate unwinds by itself, and the images whose code raises, or is passed by what is
//! raised, must be registered with [`tables::register_image`](crate::tables::register_image) before;
//! elsewhere the `unwinding` crate does, by the linker's symbols.
//!
//! # What a kernel supplies
//!
//! * [`set_thread_state!`](crate::set_thread_state): which [`ThreadState`] belongs to the running
//!   thread.
//! * A `#[panic_handler]` that records the message and then, if the panic [`may_unwind`], calls
//!   [`begin_panic`].
//! * The linker's part: see the [crate's documentation](crate). Its tables are mapped readable.
//!
//! The outermost frame's return address must be zero: that ends a walk.
//!
//! # In a program with `std`
//!
//! On x86_64 Linux this module can be used beside the `std` backend, for tests and measurements. Each
//! unwinder's panics pass the frames and boundaries of the other's, but for one: `std::panic::catch_unwind`
//! aborts the process when something lands there that is not of its own kind.

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

/// What a contained panic left behind: nothing, since its message was recorded by the panic handler
/// and the exception object was given back when the boundary was reached.
#[derive(Debug)]
#[must_use = "dispose of the payload inside the boundary"]
pub struct Payload(());

impl Payload {
    /// Gives back what the panic held.
    pub fn dispose(self) {}
}

/// Whether the destructors between a panic and its boundary run.
pub const RUNS_DESTRUCTORS: bool = true;

/// Runs `f`; a panic inside ends here, and the destructors between have run.
///
/// # Errors
/// The panic is over; what is left of it is to be disposed of.
///
/// Cost: none beyond the call while nothing panics.
///
/// Failure: F-5
#[inline]
pub fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
    // The exception was given back on landing: all that is left to say is "it panicked".
    unwinder::catch(f).map_err(|()| Payload(()))
}

/// Unwinds to the innermost boundary; the panic handler is not asked and nothing is allocated.
///
/// # Panics
/// Where no boundary can be reached, which the kernel's panic handler then finds out for itself.
pub fn raise() -> ! {
    let failed = begin_panic();
    panic!("unwinding failed: {failed}");
}

/// Passes on what a [`catch`] has stopped, to the next one. Nothing is allocated.
///
/// # Panics
/// As [`raise`].
pub fn resume(_: Payload) -> ! {
    raise()
}

/// Starts unwinding for a panic that the kernel's panic handler has recorded.
///
/// Returns only if the panic cannot be delivered: the handler must then stop the kernel. At the crate's root with the feature
/// `dwarf`, where `std` is not on.
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

/// What [`raise_cut`] has raised, for the landing pad at which a cut goes on.
#[cfg(samara_tables)]
#[derive(Debug)]
#[must_use = "counts as a panic in flight until the boundary gets it"]
#[repr(transparent)]
pub struct Landed(&'static exception::ExceptionSlot);

/// The plainest [hook](crate::cut::Raise::by_dwarf) of a cut to a boundary of this backend's:
/// [`cut::raise`](crate::cut::raise()) is the same where `std` is not on. First the panics are forgotten that
/// began below `boundary`, where all was given up. There is room for one cut in any case, and no more are
/// under way at a time.
#[cfg(samara_tables)]
pub extern "C-unwind" fn raise_cut(boundary: usize) -> Landed {
    raise_cut_within(0..boundary)
}

/// As [`raise_cut`], where threads change stacks: [`cut::raise_within`](crate::cut::raise_within).
#[cfg(samara_tables)]
pub fn raise_cut_within(given_up: core::ops::Range<usize>) -> Landed {
    Landed(thread_state::current().claim_for_cut(&given_up))
}

/// Whether this panic may be unwound: not if it struck in code compiled to never unwind, such as a
/// destructor that an earlier panic runs, an `extern "C"` function, or `alloc`'s report of
/// exhausted memory. Nothing but giving up the frames unrun can contain such a panic.
#[must_use]
pub fn may_unwind(panic: &PanicInfo<'_>) -> bool {
    panic.can_unwind()
}

/// Whether a panic is on its way to its boundary on this thread: true in the destructors that it
/// runs.
#[must_use]
pub fn is_unwinding() -> bool {
    thread_state::current().is_unwinding()
}
