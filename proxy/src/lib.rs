#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | item | concept |
//! |---|---|
//! | [`interface`](macro@interface) | makes a trait callable across domains |
//! | [`Proxy`] | a handle on one generation of a domain |
//! | [`Shadow`] | a handle on a domain over all its generations (feature `alloc`) |
//! | [`Export`] | the methods by which a host gets proxies and shadows of a `Domain` (feature `alloc`) |
//! | [`RpcError`] | why a call failed; the callee's death is one reason |
//! | [`FromRpc`] | the results that methods of interfaces may return |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
//!
#![cfg_attr(
    not(feature = "alloc"),
    doc = "[`Shadow`]: crate#features",
    doc = "[`Export`]: crate#features"
)]
#![doc(html_root_url = "https://docs.rs/samara-proxy/latest")]
#![no_std]
#![expect(
    unsafe_code,
    reason = "a proxy enters another domain and refers to an object inside it"
)]

#[cfg(feature = "alloc")]
extern crate alloc;
extern crate self as samara_proxy;

mod checks;
mod enter;
mod flatten;
mod handle;
mod invoke;
#[cfg(feature = "alloc")]
mod open;
mod proxy;
#[cfg(feature = "alloc")]
mod recovery;
#[cfg(feature = "alloc")]
mod replay;
#[cfg(feature = "alloc")]
mod retry;
#[cfg(feature = "alloc")]
mod shadow;
#[cfg(feature = "alloc")]
mod source;

pub use flatten::FromRpc;
#[cfg(feature = "alloc")]
pub use proxy::Export;
pub use proxy::Proxy;
pub use samara_domain_runtime::RpcError;
pub use samara_proxy_macros::interface;
#[cfg(feature = "alloc")]
pub use shadow::Shadow;

/// Support for generated code, not for use by hand. Items that carry authority are `unsafe`.
#[doc(hidden)]
pub mod __private {
    pub use crate::Proxy;
    #[cfg(feature = "alloc")]
    pub use crate::Shadow;
    pub use crate::checks::{assert_lend, assert_moves, assert_repeatable};
    pub use crate::flatten::{FromRpc, assert_result};
    pub use crate::invoke::{invoke, invoke_open, invoke_replay};
    pub use crate::with_shadow;
    pub use core::marker::PhantomData;
    pub use core::ptr::NonNull;
    pub use samara_domain_runtime::{Implements, Interface, MayImplement, RpcError};
    pub use samara_rref::__private::*;
    pub use samara_rref::{AllocError, Lend, Scratch};
}

/// Wraps the part of generated code that is for shadows only. Empty without `alloc`: there is no service to follow.
#[cfg(feature = "alloc")]
#[doc(hidden)]
#[macro_export]
macro_rules! with_shadow {
    ($($code:tt)*) => { $($code)* };
}

/// Wraps the part of generated code that is for shadows only. Empty without `alloc`: there is no service to follow.
#[cfg(not(feature = "alloc"))]
#[doc(hidden)]
#[macro_export]
macro_rules! with_shadow {
    ($($code:tt)*) => {};
}
