//! Entering a domain, and coming back whether the call returns, panics or is cut.
//!
//! Protocol (docs/design.md#d4-a-call-takes-no-lock-and-no-shared-cache-line): an entry adds one to the entries of its
//! own shard, loads the state, and goes in only if it is exactly the expected generation and state. On the way out it
//! adds one to the exits of the *same* counter. The additions and the loads after them are SeqCst: either the reaper
//! sees the entry, or the entry sees that the domain is dead. No lock, no shared cache line, no allocation.

mod activation;
mod cleanup_boundary;
mod enter;
mod exit;
mod metering;
mod opaque;
mod raise;
mod refusal;
mod short_stack;
mod slow_path;
mod target;
mod unwound;

#[cfg(feature = "alloc")]
pub(crate) use activation::current_target;
pub(crate) use activation::{Activation, exporter, outermost};
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
pub(crate) use activation::{innermost, nearest};
pub use cleanup_boundary::with_cleanup_boundary;
pub use enter::{enter, enter_on};
#[cfg(feature = "alloc")]
pub(crate) use exit::checkpoint;
pub use metering::is_marked;
pub use opaque::call_opaque;
pub(crate) use raise::raise;
pub use refusal::{Failure, Refusal};
pub use slow_path::slow_path_copy;
pub use target::Target;
