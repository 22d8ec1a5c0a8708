#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | item | concept |
//! |---|---|
//! | [`prelude`] | everything at once |
//! | [`Runtime`], `Domain`, `Mint` | the authority over domains, the handle on one, the recipe of its arguments |
//! | [`DomainSpec`], [`Restart`] | the name, limits and restarts of a domain |
//! | [`interface`](macro@interface), [`Proxy`], `Shadow`, `Export` | calls between domains |
//! | [`RRef`], [`RRefDeque`], [`Exchangeable`] | objects that cross |
//! | `Supervisor`, `Strategy`, `Status` | groups of domains that are restarted together |
//! | [`EventLog`], [`Event`], [`ExitReason`] | what the host learns |
//! | `DomainAlloc`, `HostArena` | private heaps: the global allocator |
//! | [`set_heap_host!`], [`set_runtime_host!`] | bind the kernel's implementations of the host traits |
//! | [`runtime`], [`heap`], [`unwind`] | the crates behind this one, for adopters |
//!
//! Items without a link need the feature `alloc`.
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
#![no_std]
#![forbid(unsafe_code)]

extern crate self as samara;

pub use samara_domain_runtime as runtime;
pub use samara_shared_heap as heap;
pub use samara_unwind as unwind;

#[cfg(feature = "alloc")]
pub use samara_domain_runtime::arena::{DomainAlloc, HostArena};
pub use samara_domain_runtime::{
    Cursor, DomainInfo, DomainSpec, Event, EventKind, EventLog, Exit, ExitKind, ExitReason,
    Instance, Record, Restart, RpcError, Runtime, SpawnError, UnenforcedLimit, set_runtime_host,
};
#[cfg(feature = "alloc")]
pub use samara_domain_runtime::{Domain, Mint};
#[cfg(feature = "alloc")]
pub use samara_domain_runtime::{NameError, Status, Strategy, Supervisor};
#[cfg(feature = "alloc")]
pub use samara_proxy::{Export, Shadow};
pub use samara_proxy::{FromRpc, Proxy, interface};
pub use samara_rref::{
    AllocError, Cap, Capability, Exchangeable, Owner, RRef, RRefDeque, Scratch, ViewError,
};
pub use samara_shared_heap::set_heap_host;

/// Everything at once: `use samara::prelude::*`.
pub mod prelude {
    pub use crate::{
        AllocError, DomainSpec, Exchangeable, Proxy, RRef, RRefDeque, Restart, RpcError, Runtime,
        SpawnError, interface,
    };
    #[cfg(feature = "alloc")]
    pub use crate::{Domain, Export, Mint, Shadow};
}

/// Support for generated code. Not for use by hand.
#[doc(hidden)]
pub use samara_proxy::__private;
