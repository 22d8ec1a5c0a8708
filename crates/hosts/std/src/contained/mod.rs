//! Contains faults, aborts, overruns and stack overflows of domains in a process. Signals drive the cuts that a
//! kernel's trap handlers would make (x86_64 Linux).
//!
//! This is opt-in. Until the first thread asks for containment, this host enforces no private quotas, budgets or
//! stacks, and refuses a spawn with one of them ([`UnenforcedLimit`](samara_domain_runtime::UnenforcedLimit)).
//!
//! A domain that never returns is cut when its budget is used up, and its caller goes on:
//!
//! ```
//! use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint};
//! use samara_host_std::contained::contained;
//! use samara_host_std::{DomainAlloc, System, runtime};
//! use samara_proxy::{Export, RpcError, interface};
//! use std::time::Duration;
//!
//! #[global_allocator]
//! static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);
//!
//! #[interface]
//! trait Spin {
//!     fn spin(&self) -> Result<(), RpcError>;
//!     fn read(&self, address: usize) -> Result<u8, RpcError>;
//! }
//!
//! struct Endless;
//!
//! impl Spin for Endless {
//!     fn spin(&self) -> Result<(), RpcError> {
//!         loop {
//!             std::hint::spin_loop();
//!         }
//!     }
//!     fn read(&self, address: usize) -> Result<u8, RpcError> {
//!         // Domains forbid `unsafe`. This stands for a hole in the compiler.
//!         Ok(unsafe { std::ptr::with_exposed_provenance::<u8>(address).read_volatile() })
//!     }
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // On each thread that calls into domains, while it does. With ticks, for budgets.
//!     let _contained = contained(true);
//!
//!     let spec = DomainSpec::new("endless").budget(Duration::from_millis(20));
//!     let init = |()| Ok::<_, RpcError>(Endless);
//!     let domain: Domain<dyn Spin> = runtime().spawn(spec, init, Mint::nothing())?;
//!     assert_eq!(domain.proxy()?.spin(), Err(RpcError::Crashed));
//!     assert_eq!(domain.exit_reason().map(|reason| reason.kind), Some(ExitKind::Overrun));
//!
//!     // A CPU fault is the domain's death, too.
//!     let spec = DomainSpec::new("wild");
//!     let domain: Domain<dyn Spin> = runtime().spawn(spec, init, Mint::nothing())?;
//!     assert_eq!(domain.proxy()?.read(8), Err(RpcError::Crashed));
//!     assert_eq!(domain.exit_reason().map(|reason| reason.kind), Some(ExitKind::Fault));
//!     Ok(())
//! }
//! ```
//!
//! [`contained`] provides the calling thread with a stack for handlers, the bounds of the thread's own stack and, if
//! asked, a periodic tick. A kernel provides these once for all its threads. CPU exceptions and `abort` are handed to
//! [`contain::fault`](samara_domain_runtime::contain::fault); a fault that cannot be contained still kills the
//! process. Threads that domains spawn are contained, too, and so is a thread of [`supervise`](crate::supervise)
//! while it restarts domains. On a thread that is not contained, an allocation beyond a quota still aborts the
//! process.
//!
//! The lowest part of a stack is its reserve, which is closed. If the stack runs over inside trusted code, the
//! reserve is opened so that this code can finish. With [`allow_segments`] a call that finds too little room
//! continues on a stack segment, which has a reserve, too.
//!
//! # Limits of a hosted program
//!
//! * A tick does not cut while the thread is in a shared library, because a cut would leave locks of the C library
//!   held and its buffers half changed. The C library's functions that copy, fill and compare memory hold no lock, so
//!   a tick does cut there. A fault in a library does cut, because the domain has caused it (for example by a copy
//!   between bad addresses).
//! * The process's first thread, and a thread with a stack of at most 256 KiB, has no reserve. A domain whose
//!   recursion overruns that stack inside trusted code ends the process.
//! * A cut on `std`'s way to the panic hook, or in the hook, leaves the hook's lock held for reading. If a thread
//!   later sets or takes a hook, it waits for ever. A test harness does so at its end, for example. An endless
//!   `Display` in a panic's message is one way to get there.
//! * If `RUST_BACKTRACE` is set, `std` prints a backtrace for the process's first infallible allocation that fails.
//!   It does so with a lock held, and with the domain's own memory. If that memory is used up, the domain aborts
//!   during the backtrace, and the lock stays held. A later panic that prints a backtrace then waits for ever. So
//!   hosts with quotas should leave the variable unset.
//! * A cut during a panic leaves `std::thread::panicking()` true on that thread for good: `std` counts panics,
//!   and no other code can change its count. `samara_unwind::is_unwinding` is right even then.
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

/// Returns the time on the running thread's clock, if that clock stands still or counts turns.
pub(crate) fn controlled_clock() -> Option<u64> {
    step::stopped_clock().or_else(yield_clock::now)
}
