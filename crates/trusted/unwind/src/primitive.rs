//! The atomics of the tables, chosen in one place. The same code runs over the atomics that ship and over those that
//! loom explores.

#[cfg(not(samara_model))]
pub(crate) use core::sync::atomic;
#[cfg(samara_model)]
pub(crate) use samara_loom_primitives::atomic;
