//! Atomics and locks, chosen in one place. The same code runs over the primitives that ship, over those that loom
//! explores, and over those of `portable-atomic` on targets without compare-and-swap.

#[cfg(all(not(samara_model), not(feature = "portable-atomic")))]
pub(crate) use core::sync::atomic;
#[cfg(all(not(samara_model), feature = "portable-atomic"))]
pub(crate) use portable_atomic as atomic;
#[cfg(not(samara_model))]
pub(crate) use spin::{Mutex, MutexGuard};

#[cfg(samara_model)]
pub(crate) use samara_loom_primitives::{Mutex, MutexGuard, atomic};
