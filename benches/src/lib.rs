//! A small interface that the benches call, implemented by a domain and by a plain value.
#![forbid(unsafe_code)]

use samara::prelude::*;
use std::time::Duration;

/// The calls that are measured.
#[interface]
pub trait Target {
    /// Does next to nothing.
    fn null(&self, value: u64) -> Result<u64, RpcError>;
    /// Takes a small object and returns it.
    fn small(&self, object: RRef<[u8; 64]>) -> Result<RRef<[u8; 64]>, RpcError>;
    /// Takes a page and returns it.
    fn page(&self, object: RRef<[u8; 4096]>) -> Result<RRef<[u8; 4096]>, RpcError>;
    /// Reads an object that is lent.
    fn borrow(&self, object: &RRef<[u8; 64]>) -> Result<u64, RpcError>;
    /// Panics.
    fn crash(&self) -> Result<(), RpcError>;
}

/// The implementation, which is the same behind a proxy and behind a plain reference.
#[derive(Debug)]
pub struct Direct(u64);

/// The domain's `init`.
///
/// # Errors
/// Never.
pub fn init(seed: u64) -> Result<Direct, RpcError> {
    Ok(Direct(seed))
}

impl Target for Direct {
    #[inline(never)]
    fn null(&self, value: u64) -> Result<u64, RpcError> {
        Ok(self.0 ^ value)
    }
    #[inline(never)]
    fn small(&self, object: RRef<[u8; 64]>) -> Result<RRef<[u8; 64]>, RpcError> {
        Ok(object)
    }
    #[inline(never)]
    fn page(&self, object: RRef<[u8; 4096]>) -> Result<RRef<[u8; 4096]>, RpcError> {
        Ok(object)
    }
    #[inline(never)]
    fn borrow(&self, object: &RRef<[u8; 64]>) -> Result<u64, RpcError> {
        Ok(self.0 ^ u64::from(object[0]))
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("as asked")
    }
}

/// Starts a domain of [`Target`], which may be restarted without end.
///
/// # Panics
/// If the domain cannot be started.
#[must_use]
pub fn domain() -> Domain<dyn Target> {
    let spec =
        DomainSpec::new("target").restart(Restart::limited(u32::MAX, Duration::from_secs(1)));
    match samara_host_std::runtime().spawn(spec, init, Mint::of(|| 7)) {
        Ok(domain) => domain,
        Err(error) => panic!("{error}"),
    }
}

/// Makes one null call through a proxy, in a function of its own so that its assembly can be read.
///
/// # Errors
/// As the call.
#[inline(never)]
pub fn proxied_null(proxy: &Proxy<dyn Target>, value: u64) -> Result<u64, RpcError> {
    proxy.null(value)
}

/// Makes one null call through a shadow, in a function of its own for the same reason.
///
/// # Errors
/// As the call.
#[inline(never)]
pub fn shadowed_null(shadow: &Shadow<dyn Target>, value: u64) -> Result<u64, RpcError> {
    shadow.null(value)
}

/// Makes one virtual null call, in a function of its own for the same reason.
///
/// # Errors
/// Never.
#[inline(never)]
pub fn virtual_null(target: &dyn Target, value: u64) -> Result<u64, RpcError> {
    target.null(value)
}
