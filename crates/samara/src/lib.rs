//! The host's facade: everything a kernel needs to split itself into domains.
//!
//! Domains depend on `samara-domain` instead, which has no authority in it.
#![no_std]
#![forbid(unsafe_code)]

extern crate self as samara;

pub use samara_domain_runtime as runtime;
pub use samara_shared_heap as heap;
pub use samara_unwind as unwind;

pub use samara_domain_runtime::arena::{DomainAlloc, HostArena};
pub use samara_domain_runtime::{
    Cursor, Domain, DomainInfo, DomainSpec, Event, EventLog, Exit, ExitKind, ExitReason, Mint,
    NameError, Record, Restart, RpcError, Runtime, SpawnError, Status, Strategy, Supervisor, What,
    set_runtime_host,
};
pub use samara_proxy::{Export, FromRpc, Proxy, Shadow, interface};
pub use samara_rref::{
    AllocError, Cap, Capability, Exchangeable, Owner, RRef, RRefDeque, Scratch, ViewError,
};
pub use samara_shared_heap::set_heap_host;

/// Everything at once: `use samara::prelude::*`.
pub mod prelude {
    pub use crate::{
        AllocError, Domain, DomainSpec, Exchangeable, Export, Mint, Proxy, RRef, RRefDeque,
        Restart, RpcError, Runtime, Shadow, SpawnError, interface,
    };
}

/// Support for generated code. Not for use by hand.
#[doc(hidden)]
pub use samara_proxy::__private;
