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
//! | [`reaper`] | draining and reclaiming dead domains |
//! | [`domain`] | spawn, restart, stop, kill: [`Domain`] |
//! | [`service`] | one name over its generations: recipe, budget, recovery |
//! | [`journal`] | calls that are made again after a restart |
//! | [`exports`] | objects that a domain hands out, and who drops them |
//! | [`arena`] | private heaps, returned wholesale |
//! | [`reason`] | why a domain ended |
//! | [`supervisor`] | trees of supervisors: strategies over several services |
//! | `budget` | how many restarts a stretch of time may see (pure) |
//! | `exits` | how the generations of a name ended |
//! | [`names`] | published domains, imported as an interface |
//! | [`threads`] | threads that domains spawn |
//! | [`event`], [`event_log`] | what a host may log, and a bounded log of it |
#![no_std]
#![expect(
    unsafe_code,
    reason = "the runtime switches owners, runs domains and releases what they had"
)]

extern crate alloc;

pub mod arena;
mod back_off;
mod budget;
pub mod call;
pub mod control;
pub mod domain;
pub mod error;
pub mod event;
pub mod event_log;
mod exits;
pub mod exports;
pub mod host;
pub mod interface;
pub mod journal;
pub mod mint;
pub mod names;
pub mod panic;
mod primitive;
pub mod reaper;
pub mod reason;
pub mod service;
pub mod spec;
pub mod state;
pub mod supervisor;
pub mod text;
pub mod threads;

pub use back_off::back_off;
pub use domain::{Domain, DomainInfo, Runtime};
pub use error::{RpcError, SpawnError};
pub use event::Event;
pub use event_log::{Cursor, EventLog, Record, What};
pub use exits::Exit;
pub use interface::{Implements, Interface, InterfaceDescriptor, MethodDescriptor, Of};
pub use mint::Mint;
pub use names::NameError;
pub use reason::{ExitKind, ExitReason};
pub use spec::{DomainSpec, Restart};
pub use supervisor::{Status, Strategy, Supervisor};
