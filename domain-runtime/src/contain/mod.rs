//! The functions that a host's trap handlers call: they decide whether the interrupted thread may be cut, and cut it.
//! With the feature `contain`, on x86_64.
//!
//! | handler | calls | which, if the answer is [`Verdict::Cut`], |
//! |---|---|---|
//! | CPU exceptions | [`fault`] | resumes the rewritten registers: the caller gets `Err(Crashed)` |
//! | the periodic tick, with the interrupted thread's registers | [`tick`] | the same |
//!
//! Both run on the interrupted thread, which [`thread::current`](samara_shared_heap::thread::current) must name, but
//! on another stack. Neither handler allocates, locks or formats, and both take bounded time. They note the reason of
//! the domain's death, and the thread itself reports it when it has left the domain.
//!
//! A host must record each thread's stack with [`set_stack`](samara_shared_heap::thread::ThreadSlot::set_stack),
//! register its images with [`samara_unwind::tables`], and have a tick on each CPU. If a domain is killed while a
//! thread runs in it, that thread is cut at its next tick.
//!
//! # Which domain a tick charges
//!
//! A tick charges the domain that the thread is in. In a stretch of the host's it charges the nearest domain below,
//! on whose behalf the host acts. A caller pays for the transfers of its call. The exceptions are marked:
//! [`thread::as_host_uncharged`](samara_shared_heap::thread::as_host_uncharged).
//!
//! # What is not cut
//!
//! A thread is not cut while it acts for the host or is under a no-cut mark: a fault there is the host's own. Nor is
//! it cut on the way into a domain or out of it, where it acts for the domain but runs the runtime's code. On a
//! call's fast path this costs nothing, because the unwind tables show that no frame there catches.
//!
#![cfg_attr(
    not(all(feature = "contain", target_arch = "x86_64")),
    doc = "[`Verdict::Cut`]: crate#features",
    doc = "[`fault`]: crate#features",
    doc = "[`tick`]: crate#features",
    doc = "[`samara_unwind::tables`]: samara_unwind#backends"
)]

#[cfg(all(feature = "contain", target_arch = "x86_64"))]
mod by_tables;
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
mod charge;
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
mod frame_owner;
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
mod verdict;
#[cfg(not(all(feature = "contain", target_arch = "x86_64")))]
mod without_cuts;

#[cfg(all(feature = "contain", target_arch = "x86_64"))]
use by_tables as enforcement;
#[cfg(not(all(feature = "contain", target_arch = "x86_64")))]
use without_cuts as enforcement;

pub use crate::trap_note::DeathCause;
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
pub use by_tables::{fault, tick};
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
pub use charge::{Payer, payer};
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
pub use frame_owner::{Calls, name_of};
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
pub use verdict::{NotContained, Verdict};

pub(crate) use enforcement::{
    calls_here, charged_generation, end_self, host_worked, leave_dead, run_over,
};
#[cfg(feature = "alloc")]
pub(crate) use enforcement::{host_may_wait, host_waited, may_wait, waited};

/// How much of a domain's budget is used and left, in microseconds.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct BudgetReading {
    pub(crate) used: u32,
    pub(crate) left: u32,
    /// The most that one call, or one result, may take.
    pub(crate) share: u32,
}
