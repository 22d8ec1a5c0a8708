//! The kernel as a host of domains: it implements every host trait of the crates on bare hardware.

mod arenas;
mod devices;
mod events;
pub(crate) mod messages;
mod pages;
mod slots;
mod stacks;
mod threads;

pub(crate) use events::set_event_sink;
use samara::{DomainAlloc, HostArena, Runtime};
#[cfg(feature = "demo")]
pub(crate) use slots::find;
#[cfg(feature = "kernel-tests")]
pub(crate) use slots::slot;

/// Implements the host traits.
pub(crate) struct KernelHost;

samara::set_heap_host!(KernelHost);
samara::set_runtime_host!(KernelHost);

/// Allocates in the arena of the domain for which the thread acts, or in the host's arena if the thread acts for the
/// host.
#[global_allocator]
pub(crate) static ALLOCATOR: DomainAlloc<HostArena> = DomainAlloc::new(HostArena);

/// Returns the authority over domains.
pub(crate) fn runtime() -> Runtime {
    // SAFETY: this is the host, and the kernel gives the `Runtime` to no domain.
    unsafe { Runtime::assume_host() }
}
