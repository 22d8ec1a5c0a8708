//! Random lives of domains and objects against a reference model.
//!
//! A [`Machine`] has some domains and takes [`Step`]s: objects of every kind are made, moved, lent,
//! passed along chains and dropped; domains panic, are killed (also while calls are inside), stopped, restarted,
//! supervised, limited; they export objects, open each other's, record calls, spawn threads, forget what they have;
//! handles are cloned, sent and used when they are stale. Every step is possible in every
//! state, so any bytes are a run. After each step the exchange heap must hold exactly what the model
//! says, owner by owner, and the host's own heap no more than that explains.
//!
//! | file | what |
//! |---|---|
//! | `step.rs` | bytes to steps |
//! | `area/*.rs` | an area each: its kinds of steps, what a domain does in them, what the model then expects |
//! | `node.rs` | the domains: one interface, made of the areas' |
//! | `model/` | what every domain and the host have, as plain data |
//! | `runner.rs` | the domains beside the model: takes a step, and compares |
//! | `shrink.rs` | failures made small |
//! | `surface.rs` | which functions of `samara-domain` were called |
//! | `cuts.rs` | a step whose call is cut at one of its instructions |
//! | `host_charges.rs` | bytes that the host keeps, compared with bytes that domains pay for |
//! | `concurrent.rs` | several threads in the same domains |
//!
//! [`Together`] is for several threads in the same domains.
//!
//! `cargo xtask test --only models` takes a million steps and says its seed. For longer, or others:
//! `SAMARA_MACHINE_STEPS=1000000000 SAMARA_MACHINE_SEED=7 cargo xtask test --only models`.
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
