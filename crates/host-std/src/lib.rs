//! The hosted host: threads are `std` threads, pages come from `mmap`, a panic unwinds by `std`.
//!
//! Link it (`use samara_host_std as _;`), take the [`runtime`], and, for private heaps, declare the
//! global allocator:
//!
//! ```
//! use samara_host_std::{DomainAlloc, System};
//!
//! #[global_allocator]
//! static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);
//! # fn main() {}
//! ```
//!
//! Inside a domain do not print through `std`: its buffers would lie in the domain's private heap.
#![expect(
    unsafe_code,
    reason = "binds the host traits to mmap and thread-local storage"
)]

mod arenas;
mod domain_threads;
mod events;
mod pages;
mod panics;
mod reaper;
mod threads;

pub use events::{event_log, set_event_sink};
pub use pages::live_bytes;
pub use reaper::{Background, spawn_reaper, supervise};
pub use samara_domain_runtime::arena::DomainAlloc;
pub use std::alloc::System;

use samara_domain_runtime::Runtime;
use std::sync::Once;

/// The hosted host. Implements every host trait.
#[derive(Debug)]
pub struct StdHost;

samara_shared_heap::set_heap_host!(StdHost);
samara_domain_runtime::set_runtime_host!(StdHost);

/// The authority over domains of this process. The first call makes panics of domains silent: they
/// are recorded as the domain's exit reason.
pub fn runtime() -> Runtime {
    static FIRST: Once = Once::new();
    FIRST.call_once(panics::install);
    // SAFETY: this crate is the host's side; domains do not depend on it.
    unsafe { Runtime::assume_host() }
}
