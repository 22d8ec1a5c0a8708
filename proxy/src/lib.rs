//! Calls between domains: `#[interface]`, [`Proxy`] and [`Shadow`].
//!
//! `#[interface]` on a trait makes `Proxy<dyn Trait>` and `Shadow<dyn Trait>` implement it. A proxy
//! checks that the domain is alive, moves arguments and results between owners, and turns the
//! callee's death into an error; a shadow restarts the domain and, where the method allows it,
//! repeats the call.
#![no_std]
#![expect(
    unsafe_code,
    reason = "a proxy enters another domain and refers to an object inside it"
)]

#[cfg(feature = "alloc")]
extern crate alloc;
extern crate self as samara_proxy;

mod flatten;
mod invoke;
mod open;
mod proxy;
#[cfg_attr(not(feature = "alloc"), path = "recorded_none.rs")]
mod recorded;
#[cfg_attr(not(feature = "alloc"), path = "reopen_none.rs")]
mod reopen;
#[cfg_attr(not(feature = "alloc"), path = "shadow_none.rs")]
mod shadow;
mod source;

pub use flatten::FromRpc;
#[cfg(feature = "alloc")]
pub use proxy::Export;
pub use proxy::Proxy;
pub use samara_domain_runtime::RpcError;
pub use samara_proxy_macros::interface;
pub use shadow::Shadow;

/// Support for generated code. Not for use by hand: what carries authority is `unsafe`.
#[doc(hidden)]
pub mod __private {
    pub use crate::flatten::{FromRpc, assert_result};
    pub use crate::invoke::{
        assert_lend, assert_moves, assert_repeatable, invoke, invoke_replay, invoke_shadow,
        replay_shadow,
    };
    pub use crate::open::{open, open_shadow};
    pub use crate::{Proxy, Shadow};
    pub use core::marker::PhantomData;
    pub use core::ptr::NonNull;
    pub use samara_domain_runtime::{Implements, Interface, Of, RpcError};
    pub use samara_rref::__private::*;
    pub use samara_rref::{AllocError, Lend, Scratch};
}
