//! Everything that a domain may use. Nothing here spawns, kills or maps: authority is a value that a domain is given,
//! or is not given.
//!
//! A domain is a crate with `#![forbid(unsafe_code)]`, no writable statics, and an `init` function: it captures
//! nothing, gets its arguments from the host, and returns the value that implements the domain's interface.
#![no_std]
#![forbid(unsafe_code)]

extern crate self as samara_domain;

#[cfg(feature = "alloc")]
pub use samara_proxy::Shadow;
pub use samara_proxy::{FromRpc, Proxy, RpcError, interface};
pub use samara_rref::{
    AllocError, Exchangeable, RRef, RRefDeque, Scratch, TypeDescriptor, ViewError,
};

/// Threads of the domain's own: `spawn`, `park`, `is_stopping`.
#[cfg(feature = "alloc")]
pub use samara_domain_runtime::threads::api as thread;

/// Everything at once: `use samara_domain::prelude::*`.
pub mod prelude {
    #[cfg(feature = "alloc")]
    pub use crate::Shadow;
    pub use crate::{AllocError, Exchangeable, Proxy, RRef, RRefDeque, RpcError, interface};
}

/// Support for generated code. Not for use by hand.
#[doc(hidden)]
pub use samara_proxy::__private;
