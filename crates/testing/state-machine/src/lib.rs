//! Tests random lives of domains and objects against a reference model.
//!
//! A [`Machine`] has some domains and takes [`Step`]s. Objects of every kind are made, moved, lent, passed along
//! chains and dropped. Domains panic, are killed (also while calls are inside), stopped, restarted, supervised and
//! limited. They export objects, open each other's objects, record calls, spawn threads, and forget handles. Handles
//! are cloned, sent, and used when they are stale. Every step is possible in every state, so any sequence of bytes is
//! a run. After each step every owner must have exactly those objects in the shared heap that the reference model
//! says. The host's own heap may grow only by a fixed number of bytes.
//!
//! | file | contents |
//! |---|---|
//! | `step.rs` | decodes bytes into steps |
//! | `area/*.rs` | one area each: its kinds of steps, the domains' code for them, the result that the reference model expects |
//! | `node.rs` | the domains: one interface, made of the areas' interfaces |
//! | `model/` | the reference model: everything that the domains and the host have, as plain data |
//! | `runner.rs` | the real domains beside the reference model: takes a step and compares them |
//! | `shrink.rs` | shrinks failing runs |
//! | `surface.rs` | records which functions of `samara-domain` were called |
//! | `cuts.rs` | a step whose call is cut at one of its instructions |
//! | `host_charges.rs` | bytes that the host keeps, compared with the bytes that domains are charged for |
//! | `concurrent.rs` | several threads in the same domains |
//!
//! [`Together`] runs several threads in the same domains.
//!
//! `cargo xtask test --only models` takes a million steps and prints its seed. This runs more steps, with another
//! seed: `SAMARA_MACHINE_STEPS=1000000000 SAMARA_MACHINE_SEED=7 cargo xtask test --only models`.
#![forbid(unsafe_code)]

mod area;
mod census;
mod concurrent;
mod cuts;
mod host_charges;
mod model;
mod node;
mod runner;
mod settle;
mod shrink;
mod step;
mod surface;

pub use concurrent::Together;
pub use host_charges::Paid;
pub use runner::Machine;
pub use shrink::shrink;
pub use step::{BYTES, Step};
pub use surface::{Time, calls, survey, times};
