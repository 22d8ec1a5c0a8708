#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | item | concept |
//! |---|---|
//! | [`prelude`] | everything at once |
//! | [`interface`](macro@interface) | makes a trait callable across domains |
//! | [`Proxy`], `Shadow` | handles on other domains: of one generation, and over all of them |
//! | [`RpcError`], [`FromRpc`] | why a call failed |
//! | [`RRef`], [`RRefDeque`] | owned objects that cross without a copy |
//! | [`Exchangeable`], [`Scratch`] | the values that may cross |
//! | `thread` | threads of the domain's own |
//!
//! Items without a link need the feature `alloc`.
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
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
