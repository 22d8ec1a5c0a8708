#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | item | concept |
//! |---|---|
//! | [`runtime`] | the authority over the domains of this process |
//! | [`DomainAlloc`], [`System`] | the global allocator, which gives domains private heaps |
//! | [`event_log`], [`set_event_sink`] | the log of events, and a function that receives each event |
//! | [`spawn_reaper`], [`supervise`] | background threads that reclaim dead domains and poll supervisors |
//! | [`contained`] | contains CPU faults, endless loops and deep stacks (x86_64 Linux) |
//! | [`live_bytes`] | the bytes of pages that the heap has from this host |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
//!
#![cfg_attr(
    not(all(target_arch = "x86_64", target_os = "linux")),
    doc = "[`contained`]: crate#limits"
)]
#![doc(html_root_url = "https://docs.rs/samara-host-std/latest")]
// Sizes, counts and times may come from domains.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]
#![expect(
    unsafe_code,
    reason = "binds the host traits to mmap and thread-local storage"
)]

mod arenas;
mod authority;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub mod contained;
mod domain_threads;
mod enforced_limits;
mod events;
mod pages;
mod panics;
mod reaper;
mod threads;

pub use domain_threads::set_around_threads;
pub use events::{event_log, set_event_sink};
pub use pages::live_bytes;
pub use reaper::{Background, spawn_reaper, supervise};
pub use samara_domain_runtime::arena::DomainAlloc;
pub use std::alloc::System;

use samara_domain_runtime::Runtime;
use std::sync::Once;

/// The hosted host. It implements every host trait. It is private, because the traits' functions are safe and
/// act for any caller.
#[derive(Debug)]
struct StdHost;

samara_shared_heap::set_heap_host!(StdHost);
samara_domain_runtime::set_runtime_host!(StdHost);

/// Returns the authority over the domains of this process. The first call silences the panics of domains: they
/// are recorded as the domain's exit reason.
///
/// # Panics
/// On a thread that acts for a domain, which has no such authority.
#[track_caller]
pub fn runtime() -> Runtime {
    authority::demand("runtime");
    static FIRST: Once = Once::new();
    // A thread that panics can't set the hook, and panics again here. The next call of this function then sets it.
    FIRST.call_once_force(|_| panics::install());
    // SAFETY: the thread acts for the host. The returned value does not reach a domain: it is not exchangeable
    // (AUTH-8).
    unsafe { Runtime::assume_host() }
}
