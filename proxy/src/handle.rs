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

    /// The object that a call enters at once; `None` if only [`source`](Self::source) knows the newest one.
    fn direct(&self) -> Option<Instance<I>>;

    /// `None` if no other object takes the place of a dead one.
    #[cfg(feature = "alloc")]
    fn source(&self) -> Option<&Arc<Self::Source>>;
}
