//! The common part of proxies and shadows.

#[cfg(feature = "alloc")]
use crate::source::Source;
#[cfg(feature = "alloc")]
use alloc::sync::Arc;
use samara_domain_runtime::{Instance, Interface};

/// A handle through which calls are made: a [`Proxy`](crate::Proxy) or a [`Shadow`](crate::Shadow).
pub trait Handle<I: ?Sized + Interface> {
    /// The rules by which a call finds the next object if its object is dead.
    #[cfg(feature = "alloc")]
    type Source: Source<I>;

    /// Whether a call that failed on the handle's own [`instance`](Self::instance) may be repeated on the next
    /// instance.
    const RECOVERS: bool;

    /// The data that is read before the thread's slot is found: a shadow's object, whose loads take longer than a
    /// proxy's.
    type Prefetched: Copy;

    /// Reads that data.
    fn prefetch(&self) -> Self::Prefetched;

    /// The object that a call enters at once, unless [`asks_first`](Self::asks_first).
    fn instance(&self, prefetch: Self::Prefetched) -> Instance<I>;

    /// Whether a call must first ask [`source`](Self::source), which alone knows the newest object.
    fn asks_first(&self) -> bool;

    /// The source of newer objects; `None` if no other object takes the place of a dead one.
    #[cfg(feature = "alloc")]
    fn source(&self) -> Option<&Arc<Self::Source>>;
}
