//! The host for ordinary programs: threads are `std` threads, pages come from `mmap`, and a panic unwinds by
//! `std`.
//!
//! Link it (`use samara_host_std as _;`), take the [`runtime`] and, for private heaps, declare the global
//! allocator:
//!
//! ```
//! use samara_host_std::{DomainAlloc, System};
//!
//! #[global_allocator]
//! static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);
//! # fn main() {}
//! ```
//!
//! # `std` inside a domain
//!
//! A domain is `#![no_std]`, and `cargo xtask test` refuses one that is not. Test domains, which are modules of
//! a program with `std`, may use the parts of `std` that keep no state outside the domain: collections,
//! `String`, `Mutex`, `Arc`, formatting. They must not use:
//!
//! - `println!` and the other standard streams: their buffers would lie in the domain's private heap, and
//!   dangle when that is freed;
//! - `thread_local!`, and functions that use one lazily (`thread::current`, random hash seeds): the first
//!   domain would make the value, and the next one would use it after the first one's death. Give a `HashMap`
//!   its hasher, or use a `BTreeMap`;
//! - `std::thread`: its threads act for the host and outlive the domain. Domains have `samara_domain::thread`;
//! - `static`s with interior mutability: they survive a restart. State belongs in the value that `init`
//!   returns;
//! - `catch_unwind`: the domain would go on after its own panic, which is recorded as its exit reason.
//!
//! The host logs for them: see [`set_event_sink`] and [`event_log`].
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
    // While the thread panics the hook can't be set; then the next call sets it.
    FIRST.call_once_force(|_| panics::install());
    // SAFETY: the thread acts for the host. The returned value does not reach a domain: it is not exchangeable.
    unsafe { Runtime::assume_host() }
}
