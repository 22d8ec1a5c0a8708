//! The primitives of concurrency, in one place: what ships, what a model checker explores, and what
//! stands in on targets that lack them are the same code over another set of these.

#[cfg(not(feature = "portable-atomic"))]
pub(crate) use core::sync::atomic;
#[cfg(feature = "portable-atomic")]
pub(crate) use portable_atomic as atomic;
