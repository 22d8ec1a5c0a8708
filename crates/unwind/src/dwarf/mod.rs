//! The `dwarf` backend: unwind tables, the `unwinding` crate, no allocation.
//!
//! # What a kernel supplies
//!
//! * [`set_thread_state!`](crate::set_thread_state): which [`ThreadState`] belongs to the running
//!   thread.
//! * A `#[panic_handler]` that records the message and then, if the panic [`may_unwind`], calls
//!   [`begin_panic`].
//! * Linked with `--eh-frame-hdr`, and these lines in its linker script, the tables mapped readable
//!   at run time:
//!
//! ```text
//! __executable_start = .;  /* before the first byte of code */
//! __etext = .;             /* behind the last */
//! .eh_frame_hdr : { __GNU_EH_FRAME_HDR = .; *(.eh_frame_hdr) }
//! .eh_frame : { KEEP(*(.eh_frame .eh_frame.*)) }
//! .gcc_except_table : { KEEP(*(.gcc_except_table .gcc_except_table.*)) }
//! ```
//!
//! The outermost frame's return address must be zero: that ends a walk.

mod backtrace;
mod exception;
mod thread_state;

use core::panic::PanicInfo;

use unwinding::abi::UnwindReasonCode;
use unwinding::panicking;

use crate::UnwindFailed;
pub use backtrace::backtrace;
use exception::InFlight;
pub use thread_state::ThreadState;

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
#[inline]
pub fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
    // The exception, ours or a foreign one, was given back on landing: all that is left to say is
    // "it panicked".
    panicking::catch_unwind::<InFlight, R, _>(f).map_err(|_| Payload(()))
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
/// Returns only if the panic cannot be delivered: the handler must then stop the kernel.
#[must_use = "it returns only on failure"]
pub fn begin_panic() -> UnwindFailed {
    let Some(exception) = thread_state::current().claim() else {
        return UnwindFailed::TooDeep;
    };
    exception.begins_here();
    let code = panicking::begin_panic(InFlight::new(exception));
    exception.release();
    match code {
        UnwindReasonCode::END_OF_STACK => UnwindFailed::NoBoundary,
        _ => UnwindFailed::Blocked,
    }
}

/// The frames were given up that the innermost panics had to unwind: their exceptions are free again.
pub(crate) fn forget_cut(boundary: usize) {
    thread_state::current().release_below(boundary);
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
