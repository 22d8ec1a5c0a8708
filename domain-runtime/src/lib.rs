//! The host side: control blocks, activations, lifecycle, private heaps, reclaim and restart.
//!
//! A kernel adopts this crate, binds the traits in [`host`], takes a [`Runtime`] and spawns
//! domains. Domains never see it: what they may use is in `samara-domain`.
//!
//! | module | concept |
//! |---|---|
//! | [`state`] | the life of a domain slot, as pure transitions |
//! | [`control`] | control blocks and in-flight counters |
//! | [`call`] | entering a domain and coming back, whatever happens inside |
//! | [`contain`] | what trap handlers ask: faults, budgets, kills of running threads |
//! | [`reaper`] | draining and reclaiming dead domains |
//! | [`runtime`] | the authority over domains: [`Runtime`] |
//! | `domain` | spawn, restart, stop, kill: `Domain` |
//! | [`generation`] | one life of a domain: what a host without an allocator starts |
//! | `service` | one name over its generations: recipe, budget, recovery |
//! | `journal` | calls that are made again after a restart |
//! | [`kept`] | what the host keeps on a domain's behalf, charged to it and ended with it |
//! | [`exports`] | objects that a domain hands out, and who drops them |
//! | [`arena`] | private heaps, returned wholesale |
//! | [`reason`] | why a domain ended |
//! | `supervisor` | trees of supervisors: strategies over several services |
//! | `budget` | how many restarts a stretch of time may see (pure) |
//! | `exits` | how the generations of a name ended |
//! | `names` | published domains, imported as an interface |
//! | [`threads`] | threads that domains spawn |
//! | [`event`], [`event_log`] | what a host may log, and a bounded log of it |
#![no_std]
#![cfg_attr(
    not(feature = "alloc"),
    allow(clippy::result_large_err, reason = "there is no box for the reason")
)]
#![expect(
    unsafe_code,
    reason = "the runtime switches owners, runs domains and releases what they had"
)]

#[cfg(feature = "alloc")]
extern crate alloc;

#[cfg_attr(not(feature = "alloc"), path = "arena_none.rs")]
pub mod arena;
#[cfg(feature = "alloc")]
mod back_off;
#[cfg(feature = "alloc")]
mod border;
#[cfg(feature = "alloc")]
mod budget;
#[cfg_attr(
    not(feature = "alloc"),
    allow(dead_code, reason = "services and threads ask for the rest")
)]
pub mod call;
pub mod contain;
#[cfg_attr(
    not(all(feature = "contain", target_arch = "x86_64")),
    allow(dead_code, reason = "only trap handlers ask")
)]
pub mod control;
#[cfg(feature = "alloc")]
pub mod domain;
#[cfg(feature = "alloc")]
mod ending;
pub mod error;
pub mod event;
pub mod event_log;
#[cfg_attr(not(feature = "alloc"), path = "exits_none.rs")]
mod exits;
pub mod exports;
pub mod generation;
#[cfg_attr(
    not(feature = "alloc"),
    expect(dead_code, reason = "services and private heaps ask for the rest")
)]
pub mod host;
pub mod instance;
pub mod interface;
#[cfg(feature = "alloc")]
pub mod journal;
#[cfg_attr(not(feature = "alloc"), path = "kept_none.rs")]
pub mod kept;
#[cfg(feature = "alloc")]
pub mod mint;
#[cfg(feature = "alloc")]
pub mod names;
pub mod panic;
#[cfg_attr(
    not(all(feature = "contain", target_arch = "x86_64")),
    allow(dead_code, reason = "only ticks ask for the rest")
)]
mod patience;
mod primitive;
pub mod reaper;
pub mod reason;
pub mod runtime;
mod segments;
#[cfg(feature = "alloc")]
pub mod service;
mod shortage;
pub mod spec;
#[cfg_attr(
    not(feature = "alloc"),
    expect(dead_code, reason = "services and threads ask for the rest")
)]
mod spent;
pub mod stack;
pub mod state;
#[cfg(feature = "alloc")]
pub mod supervisor;
pub mod text;
#[cfg_attr(not(feature = "alloc"), path = "threads_none.rs")]
pub mod threads;
#[cfg_attr(
    not(all(feature = "contain", target_arch = "x86_64")),
    allow(dead_code, reason = "only trap handlers ask")
)]
mod trap_note;
#[cfg(feature = "alloc")]
pub mod vain;
#[cfg_attr(not(feature = "alloc"), path = "waits_none.rs")]
mod waits;

#[cfg(feature = "alloc")]
pub use domain::Domain;
pub use error::{NotKept, RpcError, SpawnError};
pub use event::Event;
pub use event_log::{Cursor, EventLog, Record, What};
pub use instance::Instance;
pub use interface::{Implements, Interface, InterfaceDescriptor, MethodDescriptor, Of};
#[cfg(feature = "alloc")]
pub use mint::Mint;
#[cfg(feature = "alloc")]
pub use names::NameError;
pub use reason::{Call, Exit, ExitKind, ExitReason};
pub use runtime::{DomainInfo, Runtime};
pub use spec::{DomainSpec, Restart};
#[cfg(feature = "alloc")]
pub use supervisor::{Status, Strategy, Supervisor};
pub use waits::Waits;
