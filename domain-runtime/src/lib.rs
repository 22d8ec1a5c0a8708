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
//! | [`runtime`] | the authority over domains: [`Runtime`] |
//! | `domain` | spawn, restart, stop, kill: `Domain` |
//! | [`generation`] | one life of a domain: what a host without an allocator starts |
//! | `service` | one name over its generations: recipe, budget, recovery |
//! | [`arena`] | private heaps, returned wholesale |
//! | [`reason`] | why a domain ended |
//! | [`event`] | what a host may log |
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
pub mod call;
pub mod control;
#[cfg(feature = "alloc")]
pub mod domain;
pub mod error;
pub mod event;
pub mod generation;
#[cfg_attr(
    not(feature = "alloc"),
    expect(dead_code, reason = "services and private heaps ask for the rest")
)]
pub mod host;
pub mod interface;
#[cfg(feature = "alloc")]
pub mod mint;
pub mod panic;
mod primitive;
pub mod reaper;
pub mod reason;
pub mod runtime;
#[cfg(feature = "alloc")]
pub mod service;
pub mod spec;
pub mod state;
pub mod text;

#[cfg(feature = "alloc")]
pub use domain::Domain;
pub use error::{RpcError, SpawnError};
pub use event::Event;
pub use generation::Instance;
pub use interface::{Implements, Interface, InterfaceDescriptor, MethodDescriptor};
#[cfg(feature = "alloc")]
pub use mint::Mint;
pub use reason::{ExitKind, ExitReason};
pub use runtime::{DomainInfo, Runtime};
pub use spec::{DomainSpec, Restart};
