//! Binding a host.

/// Binds a type that implements [`Clock`](crate::host::Clock), [`Events`](crate::host::Events),
/// [`Threads`](crate::host::Threads) and [`Arenas`](crate::host::Arenas) as the runtime's host, for the whole program.
#[macro_export]
macro_rules! set_runtime_host {
    ($host:ty) => {
        const _: () = {
            use $crate::host::__samara_bind::*;
            #[unsafe(no_mangle)]
            fn __samara_now_ns() -> u64 {
                <$host as Clock>::now_ns()
            }
            #[unsafe(no_mangle)]
            fn __samara_event(event: &Event<'_>) {
                <$host as Events>::event(event)
            }
            #[unsafe(no_mangle)]
            fn __samara_yield_now() {
                <$host as Threads>::yield_now()
            }
            #[unsafe(no_mangle)]
            fn __samara_wake_reaper() {
                <$host as Threads>::wake_reaper()
            }
            #[unsafe(no_mangle)]
            fn __samara_spawn_thread(thread: DomainThread) -> Result<(), DomainThread> {
                <$host as Threads>::spawn(thread)
            }
            #[unsafe(no_mangle)]
            fn __samara_park_thread(index: usize, timeout: Option<Duration>) {
                <$host as Threads>::park(index, timeout)
            }
            #[unsafe(no_mangle)]
            fn __samara_wake_thread(index: usize) {
                <$host as Threads>::wake(index)
            }
            #[unsafe(no_mangle)]
            fn __samara_keeps() -> EnforcedLimits {
                <$host as Threads>::enforced_limits()
            }
            #[unsafe(no_mangle)]
            fn __samara_arena_window() -> Option<Window> {
                <$host as Arenas>::window()
            }
            #[unsafe(no_mangle)]
            fn __samara_arena_commit(owner: Owner, start: NonNull<u8>, bytes: usize) -> bool {
                <$host as Arenas>::commit(owner, start, bytes)
            }
            #[unsafe(no_mangle)]
            unsafe fn __samara_arena_decommit(owner: Owner, start: NonNull<u8>, bytes: usize) {
                // SAFETY: handed on from the runtime, which upholds the trait's contract.
                unsafe { <$host as Arenas>::decommit(owner, start, bytes) }
            }
        };
    };
}

/// The names that [`set_runtime_host!`](crate::set_runtime_host) uses.
#[doc(hidden)]
pub mod __samara_bind {
    pub use crate::event::Event;
    pub use crate::host::{Arenas, Clock, EnforcedLimits, Events, Threads, Window};
    pub use crate::threads::DomainThread;
    pub use core::ptr::NonNull;
    pub use core::time::Duration;
    pub use samara_shared_heap::{Owner, thread};
}
