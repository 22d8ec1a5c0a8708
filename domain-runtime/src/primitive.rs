//! The primitives of concurrency, in one place. The same code is built over different sets of them: those that ship,
//! those that the loom tests explore, and stand-ins on targets that lack them.

#[cfg(all(not(samara_model), feature = "alloc"))]
pub(crate) use core::hint::spin_loop;
#[cfg(all(not(samara_model), not(feature = "portable-atomic")))]
pub(crate) use core::sync::atomic;
#[cfg(all(not(samara_model), feature = "portable-atomic"))]
pub(crate) use portable_atomic as atomic;

#[cfg(samara_model)]
pub(crate) use samara_loom_primitives::{atomic, spin_loop};
