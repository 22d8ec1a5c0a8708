//! What a proxy and a shadow have in common.

#[cfg(feature = "alloc")]
use crate::source::Source;
#[cfg(feature = "alloc")]
use alloc::sync::Arc;
use samara_domain_runtime::{Instance, Interface};

/// What calls are made through: a [`Proxy`](crate::Proxy) or a [`Shadow`](crate::Shadow).
pub trait Handle<I: ?Sized + Interface> {
    /// Where it finds the next object when that of a call is dead.
    #[cfg(feature = "alloc")]
    type Source: Source<I>;

    /// Whether a call that failed on its own [`instance`](Self::instance) may go on with the next one.
    const RECOVERS: bool;

    /// What is read before the thread's slot is found: a shadow's object, whose loads take longer than a proxy's.
    type Prefetched: Copy;

    /// Reads that.
    fn prefetch(&self) -> Self::Prefetched;

    /// The object that a call enters at once, unless [`asks_first`](Self::asks_first).
    fn instance(&self, prefetch: Self::Prefetched) -> Instance<I>;

    /// Whether only [`source`](Self::source) knows the newest object.
    fn asks_first(&self) -> bool;

    /// `None` if no other object takes the place of a dead one.
    #[cfg(feature = "alloc")]
    fn source(&self) -> Option<&Arc<Self::Source>>;
}
