//! Atomics and locks, chosen in one place. The same code runs on the atomics of `core`, on those that loom explores,
//! and on those of `portable-atomic` for targets without compare-and-swap.

#[cfg(all(not(samara_model), not(feature = "portable-atomic")))]
pub(crate) use core::sync::atomic;
#[cfg(all(not(samara_model), feature = "portable-atomic"))]
pub(crate) use portable_atomic as atomic;
#[cfg(not(samara_model))]
pub(crate) use spin::{Mutex, MutexGuard};

#[cfg(samara_model)]
pub(crate) use samara_loom_primitives::{Mutex, MutexGuard, atomic};
