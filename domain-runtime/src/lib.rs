#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | module | concept |
//! |---|---|
//! | [`state`] | the life of a domain slot, as pure transitions |
//! | [`control`] | control blocks and in-flight counters |
//! | [`call`] | entering a domain, and coming back whether the call returns, panics or is cut |
//! | [`contain`] | the functions that trap handlers call: faults, budgets, kills of running threads |
//! | [`reaper`] | draining and reclaiming dead domains |
//! | [`runtime`] | the authority over domains: [`Runtime`] |
//! | [`domain`] | spawn, restart, stop, kill: [`Domain`] |
//! | [`generation`] | one life of a domain, which a host without an allocator starts itself |
//! | [`service`] | one name over its generations: recipe, budget, recovery |
//! | [`journal`] | recorded calls, which are made again after a restart |
//! | [`host_charges`] | memory that the host keeps on a domain's behalf, charged to it and released with it |
//! | [`exports`] | objects that a domain hands out, and how they are dropped |
//! | [`arena`] | private heaps, returned wholesale |
//! | [`exit_reason`] | why a domain ended |
//! | [`supervisor`] | trees of supervisors: strategies over several services |
//! | `restart_budget` | how many restarts a stretch of time may see (pure) |
//! | `exits` | how the generations of a name ended |
//! | [`names`] | published domains, imported as an interface |
//! | [`threads`] | threads that domains spawn |
//! | [`event`], [`event_log`] | events that a host may log, and a bounded log of them |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
//!
#![cfg_attr(
    not(feature = "alloc"),
    doc = "[`domain`]: crate#features",
    doc = "[`Domain`]: crate#features",
    doc = "[`service`]: crate#features",
    doc = "[`journal`]: crate#features",
    doc = "[`supervisor`]: crate#features",
    doc = "[`names`]: crate#features"
)]
#![doc(html_root_url = "https://docs.rs/samara-domain-runtime/latest")]
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

#[cfg(feature = "alloc")]
pub mod arena;
#[cfg(feature = "alloc")]
mod arena_limits;
#[cfg(feature = "alloc")]
mod back_off;
mod blame;
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
#[cfg_attr(
    not(all(feature = "contain", target_arch = "x86_64")),
    allow(dead_code, reason = "only ticks ask for the rest")
)]
mod destructor_deadline;
#[cfg(feature = "alloc")]
pub mod domain;
pub mod error;
pub mod event;
pub mod event_log;
pub mod exit_reason;
#[cfg(feature = "alloc")]
mod exits;
pub mod exports;
#[cfg(feature = "alloc")]
pub mod failed_requests;
pub mod generation;
#[cfg(feature = "alloc")]
mod generation_end;
#[cfg_attr(
    not(feature = "alloc"),
    expect(dead_code, reason = "services and private heaps ask for the rest")
)]
pub mod host;
#[cfg(feature = "alloc")]
pub mod host_charges;
#[cfg_attr(
    not(feature = "alloc"),
    expect(dead_code, reason = "services and threads ask for the rest")
)]
mod host_time;
pub mod instance;
pub mod interface;
#[cfg(feature = "alloc")]
pub mod journal;
#[cfg(feature = "alloc")]
pub mod mint;
#[cfg(feature = "alloc")]
pub mod names;
pub mod panic;
mod primitive;
pub mod reaper;
#[cfg(feature = "alloc")]
mod restart_budget;
pub mod runtime;
#[cfg(feature = "alloc")]
pub mod service;
pub mod spec;
pub mod stack;
mod stack_segments;
pub mod state;
#[cfg(feature = "alloc")]
pub mod supervisor;
pub mod text;
#[cfg(feature = "alloc")]
pub mod threads;
#[cfg_attr(
    not(all(feature = "contain", target_arch = "x86_64")),
    allow(dead_code, reason = "only trap handlers ask")
)]
mod trap_note;
#[cfg(feature = "alloc")]
mod wait_budget;
#[cfg(not(feature = "alloc"))]
mod without_alloc;

#[cfg(not(feature = "alloc"))]
pub use without_alloc::{arena, host_charges, threads};
#[cfg(not(feature = "alloc"))]
use without_alloc::{exits, wait_budget};

#[cfg(feature = "alloc")]
pub use domain::Domain;
pub use error::{RpcError, SpawnError, UnenforcedLimit};
pub use event::Event;
pub use event_log::{Cursor, EventKind, EventLog, Record};
pub use exit_reason::{Call, Exit, ExitKind, ExitReason};
pub use instance::Instance;
pub use interface::{Implements, Interface, InterfaceDescriptor, MayImplement, MethodDescriptor};
#[cfg(feature = "alloc")]
pub use mint::Mint;
#[cfg(feature = "alloc")]
pub use names::NameError;
pub use runtime::{DomainInfo, Runtime};
pub use spec::{DomainSpec, Restart};
#[cfg(feature = "alloc")]
pub use supervisor::{Status, Strategy, Supervisor};
pub use wait_budget::Waits;
