//! The atomics of the tables, chosen in one place. The same code runs on the atomics of `core` and on those that loom
//! explores.

#[cfg(not(samara_model))]
pub(crate) use core::sync::atomic;
#[cfg(samara_model)]
pub(crate) use samara_loom_primitives::atomic;
