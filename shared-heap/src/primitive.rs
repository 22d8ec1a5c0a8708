//! The primitives of concurrency, in one place: what ships, what a model checker explores, and what
//! stands in on targets that lack them are the same code over another set of these.

#[cfg(all(not(samara_model), not(feature = "portable-atomic")))]
pub(crate) use core::sync::atomic;
#[cfg(all(not(samara_model), feature = "portable-atomic"))]
pub(crate) use portable_atomic as atomic;
#[cfg(not(samara_model))]
pub(crate) use spin::{Mutex, MutexGuard};

#[cfg(samara_model)]
pub(crate) use samara_loom_primitives::{Mutex, MutexGuard, atomic};
