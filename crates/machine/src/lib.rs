//! Random lives of domains and objects against a reference model.
//!
//! A [`Machine`] has some domains and takes [`Step`]s: objects of every kind are made, moved, lent,
//! passed along chains and dropped; domains panic, are killed (also while calls are inside), restarted,
//! limited; proxies are cloned, sent and used when they are stale. Every step is possible in every
//! state, so any bytes are a run. After each step the exchange heap must hold exactly what the model
//! says, owner by owner.
//!
//! [`Together`] is for several threads in the same domains.
//!
//! `cargo xtask test --only models` takes a million steps and says its seed. For longer, or others:
//! `SAMARA_MACHINE_STEPS=1000000000 SAMARA_MACHINE_SEED=7 cargo xtask test --only models`.
#![forbid(unsafe_code)]

mod item;
mod machine;
mod model;
mod node;
mod step;
mod together;

pub use machine::Machine;
pub use step::{BYTES, Op, Step};
pub use together::Together;
