//! The atomics by which threads meet at the tables, in one place: what ships and what a model checker
//! explores are the same code over another set of these.

#[cfg(not(samara_model))]
pub(crate) use core::sync::atomic;
#[cfg(samara_model)]
pub(crate) use samara_loom_primitives::atomic;
