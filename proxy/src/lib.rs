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

extern crate self as samara_proxy;

mod flatten;
mod invoke;
mod proxy;
mod recorded;
mod reopen;
mod shadow;
mod source;

pub use flatten::FromRpc;
pub use proxy::{Export, Proxy};
pub use samara_domain_runtime::RpcError;
pub use samara_proxy_macros::interface;
pub use shadow::Shadow;

/// Support for generated code. Not for use by hand: what carries authority is `unsafe`.
#[doc(hidden)]
pub mod __private {
    pub use crate::flatten::{FromRpc, assert_result};
    pub use crate::invoke::{
        assert_lend, assert_repeatable, invoke, invoke_replay, invoke_shadow, replay_shadow,
    };
    pub use crate::reopen::{open, open_shadow};
    pub use crate::{Proxy, Shadow};
    pub use core::marker::PhantomData;
    pub use core::ptr::NonNull;
    pub use samara_domain_runtime::{Implements, Interface, Of, RpcError};
    pub use samara_rref::__private::*;
    pub use samara_rref::{AllocError, Lend, Scratch};
}
