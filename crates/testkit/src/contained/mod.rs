//! Contains every way to die under `cargo test`: signals drive the cuts that a kernel's trap handlers
//! would (x86_64 Linux).
//!
//! [`contained`] does for the calling thread what a kernel does once and for all its threads: a stack
//! for handlers, the bounds of its own stack, and, if asked, a periodic tick. CPU exceptions and
//! `abort` become [`contain::fault`](samara_domain_runtime::contain::fault); what that does not contain
//! kills the process as ever. Threads that domains spawn are contained too.
//!
//! Where a stack runs over inside trusted code, its lowest part, which is otherwise closed, is opened for
//! that code to come to its end. With [`allow_segments`] a call that finds too little room goes on
//! elsewhere.
//!
//! # Limits of a hosted program
//!
//! * A tick does not cut while the thread is in a shared library: the C library's locks and buffers
//!   would stay as they are. What copies, fills and compares memory there holds nothing and is cut. A fault there is the domain's doing (a copy between bad addresses), and is
//!   cut.
//! * A cut in `std`'s way to the panic hook, or in the hook, leaves the hook's lock read: whoever sets or takes a
//!   hook later, a test harness at its end among them, waits for ever. A `Display` without end in a panic's message is one way there.
//! * A cut during a panic leaves `std::thread::panicking()` true on that thread for good: `std` counts
//!   panics, and nobody else can. `samara_unwind::is_unwinding` knows.
#![expect(
    unsafe_code,
    reason = "installs signal handlers and reads the program headers"
)]

mod context;
mod handlers;
mod images;
mod reserve;
mod segments;
mod step;
mod thread;

pub use handlers::{CUTS, Cuts};
pub use images::{Library, program_image};
pub use segments::allow_segments;
pub use step::{Stepped, arm, disarm};
pub use thread::{Contained, contained};
