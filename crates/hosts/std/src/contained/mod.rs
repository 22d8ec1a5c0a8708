//! Contains every way to die in a process: signals drive the cuts that a kernel's trap handlers would
//! (x86_64 Linux).
//!
//! Opt-in. Before some thread asks for it, this host keeps no private quotas, budgets or stacks, and a
//! spawn with one is refused ([`UnenforcedLimit`](samara_domain_runtime::UnenforcedLimit)).
//!
//! ```
//! use samara_host_std::contained::contained;
//!
//! // On each thread that calls into domains, while it does.
//! let _contained = contained(true);
//! ```
//!
//! [`contained`] does for the calling thread what a kernel does once and for all its threads: a stack
//! for handlers, the bounds of its own stack, and, if asked, a periodic tick. CPU exceptions and
//! `abort` become [`contain::fault`](samara_domain_runtime::contain::fault); what that does not contain
//! kills the process as ever. Threads that domains spawn are contained too, and so are those of this crate,
//! which restart domains. A thread that has not asked still aborts the process where it goes beyond a quota.
//!
//! Where a stack runs over inside trusted code, its lowest part, which is otherwise closed, is opened for
//! that code to come to its end. With [`allow_segments`] a call that finds too little room goes on
//! elsewhere, where it has such a part too.
//!
//! # Limits of a hosted program
//!
//! * A tick does not cut while the thread is in a shared library: the C library's locks and buffers
//!   would stay as they are. What copies, fills and compares memory there holds nothing and is cut. A fault there is the domain's doing (a copy between bad addresses), and is
//!   cut.
//! * The process's first thread, and one with a stack of at most 256 KiB, has no such part: a domain whose recursion is
//!   met in trusted code there ends the process.
//! * A cut in `std`'s way to the panic hook, or in the hook, leaves the hook's lock read: whoever sets or takes a
//!   hook later, a test harness at its end among them, waits for ever. A `Display` without end in a panic's message is one way there.
//! * Where `RUST_BACKTRACE` is set, `std` prints a backtrace of the process's first allocation that fails and must
//!   not, with a lock held and with the domain's own memory. If that is used up the abort comes in there: the lock
//!   stays, and a later panic that prints a backtrace waits for ever. Hosts with quotas leave it unset.
//! * A cut during a panic leaves `std::thread::panicking()` true on that thread for good: `std` counts
//!   panics, and nobody else can. `samara_unwind::is_unwinding` knows.
#![expect(
    unsafe_code,
    reason = "installs signal handlers and reads the program headers"
)]

mod bounds;
mod context;
mod handlers;
mod images;
mod reserve;
mod segments;
mod signals;
mod step;
mod thread;
mod ticks;
mod yield_clock;

pub use handlers::{Cuts, cuts};
pub use images::{Library, program_image};
pub use segments::allow_segments;
pub use step::{Stepped, Surveyed, arm, disarm, is_armed, stepping, steps, surveyed, surveys};
pub use thread::{Contained, contained};

pub(crate) use handlers::are_installed;
pub(crate) use ticks::are_ticking;
pub(crate) use yield_clock::over as turn_over;

/// What the running thread's clock says, if it does not run by itself.
pub(crate) fn told_clock() -> Option<u64> {
    step::stopped_clock().or_else(yield_clock::now)
}
