//! The primitives of concurrency, in one place: what ships, what a model checker explores, and what
//! stands in on targets that lack them are the same code over another set of these.

#[cfg(not(samara_model))]
pub(crate) use core::{hint::spin_loop, sync::atomic};
#[cfg(not(samara_model))]
pub(crate) use spin::Mutex;

#[cfg(samara_model)]
pub(crate) use samara_model_primitives::{Mutex, atomic, spin_loop};
