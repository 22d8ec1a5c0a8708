//! The primitives of concurrency, in one place: what ships, what a model checker explores, and what
//! stands in on targets that lack them are the same code over another set of these.

pub(crate) use core::sync::atomic;
