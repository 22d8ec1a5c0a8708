//! The kernel as a host of domains: every host trait of the crates, on bare hardware.

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

/// What a domain allocates lies in its own arena, all else in the host's.
#[global_allocator]
pub(crate) static ALLOCATOR: DomainAlloc<HostArena> = DomainAlloc::new(HostArena);

/// The authority over domains.
pub(crate) fn runtime() -> Runtime {
    // SAFETY: this is the host, and the kernel gives the runtime to no domain.
    unsafe { Runtime::assume_host() }
}
