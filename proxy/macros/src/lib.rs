#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | macro | effect |
//! |---|---|
//! | [`interface`](macro@interface) | implements the trait for `Proxy<dyn Trait>` and `Shadow<dyn Trait>` |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
#![doc(html_root_url = "https://docs.rs/samara-proxy-macros/latest")]

mod calls;
mod emit;
mod parse;

use proc_macro::TokenStream;
use syn::{Error, ItemTrait, parse_macro_input};

/// The crates through which a user reaches the proxies.
const SUPPORT: [&str; 3] = ["samara-proxy", "samara-domain", "samara"];

/// Makes a trait callable across domains: `Proxy<dyn Trait>` and `Shadow<dyn Trait>` implement it.
///
/// A method takes `&self`, exchangeable values, which move to the callee, and values that are lent for the call:
/// `&RRef<T>`, and `&[T]` and `&str` of plain data. It returns a `Result` whose error type implements
/// `From<RpcError>`. The trait may have type and const parameters, and supertraits that are interfaces.
///
/// Two attributes take effect for calls through shadows, and through proxies that a `#[replay]` method handed out:
/// - `#[idempotent]` on a method: a call that was cut short is repeated. Moved arguments must then be `Copy` or
///   marked `#[scratch]`. A repetition makes a new `#[scratch]` argument.
/// - `#[replay]`: a call that was cut short is repeated. All calls that succeeded are also recorded, and are made
///   again, in order, after each restart. A call may be made more than once, so a second execution must have the same
///   effect as the first. Arguments are `Copy`. The record of a call belongs to the domain that makes the call: it is
///   charged to that domain's `host_quota` and ends with that domain. If a recorded call fails when it is made again,
///   all recorded calls of its domain to this service or object are given up.
/// - `#[replay]` on a method that returns `Result<Proxy<dyn Other>, E>`: the proxy stays valid across a restart. Its
///   next use makes the call again, and goes to the object that this call returns. This ability also ends with the
///   domain that made the call. If the returned proxy already recovers, it is handed out unchanged.
///
/// # Example
///
/// ```
/// use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
/// use samara_host_std::runtime;
/// use samara_proxy::{Export, Proxy, RpcError, interface};
/// use samara_rref::RRef;
/// use std::sync::Mutex;
/// use std::time::Duration;
/// # use samara_host_std::{DomainAlloc, System};
/// # #[global_allocator]
/// # static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);
///
/// #[interface]
/// trait Disk {
///     /// Moves `data` to the callee; a call that was cut short is not repeated.
///     fn append(&self, data: RRef<[u8]>) -> Result<u64, RpcError>;
///     /// Fills a buffer and gives it back. A shadow that repeats the call makes a new one.
///     #[idempotent]
///     fn read(&self, at: u64, #[scratch] buf: RRef<[u8]>) -> Result<RRef<[u8]>, RpcError>;
///     /// Lends `data` for the call.
///     #[idempotent]
///     fn sum(&self, data: &RRef<[u8]>) -> Result<u64, RpcError>;
///     /// A shadow makes the calls that succeeded again after each restart.
///     #[replay]
///     fn set_speed(&self, speed: u32) -> Result<(), RpcError>;
///     #[idempotent]
///     fn speed(&self) -> Result<u32, RpcError>;
/// }
///
/// #[derive(Default)]
/// struct Memory {
///     data: Mutex<Vec<u8>>,
///     speed: Mutex<u32>,
/// }
///
/// impl Disk for Memory {
///     fn append(&self, data: RRef<[u8]>) -> Result<u64, RpcError> {
///         assert!(!data.is_empty(), "a bug");
///         let mut all = self.data.lock().unwrap();
///         all.extend_from_slice(&data);
///         Ok(all.len() as u64)
///     }
///     fn read(&self, at: u64, mut buf: RRef<[u8]>) -> Result<RRef<[u8]>, RpcError> {
///         let all = self.data.lock().unwrap();
///         let at = at as usize;
///         let end = at + buf.len();
///         buf.copy_from_slice(&all[at..end]);
///         Ok(buf)
///     }
///     fn sum(&self, data: &RRef<[u8]>) -> Result<u64, RpcError> {
///         Ok(data.iter().map(|byte| u64::from(*byte)).sum())
///     }
///     fn set_speed(&self, speed: u32) -> Result<(), RpcError> {
///         *self.speed.lock().unwrap() = speed;
///         Ok(())
///     }
///     fn speed(&self) -> Result<u32, RpcError> {
///         Ok(*self.speed.lock().unwrap())
///     }
/// }
///
/// let spec = DomainSpec::new("disk").restart(Restart::limited(4, Duration::from_secs(60)));
/// let init = |()| Ok::<_, RpcError>(Memory::default());
/// let domain: Domain<dyn Disk> = runtime().spawn(spec, init, Mint::nothing())?;
/// let disk = domain.shadow()?;
///
/// let bytes = RRef::from_slice(&[1, 2, 3]);
/// assert_eq!(disk.sum(&bytes), Ok(6)); // Lent: it is still ours.
/// assert_eq!(disk.append(bytes), Ok(3)); // Moved.
/// assert_eq!(*disk.read(1, RRef::from_slice(&[0; 2]))?, [2, 3]);
/// disk.set_speed(7)?;
///
/// // The domain dies. The next call is made in a new generation, whose speed was set again.
/// assert_eq!(disk.append(RRef::from_slice(&[])), Err(RpcError::Crashed));
/// assert_eq!(disk.speed(), Ok(7));
/// # let _: Proxy<dyn Disk> = domain.proxy()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[proc_macro_attribute]
pub fn interface(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemTrait);
    expand(&arguments, item)
        .unwrap_or_else(Error::into_compile_error)
        .into()
}

fn expand(arguments: &TokenStream, item: ItemTrait) -> Result<proc_macro2::TokenStream, Error> {
    if !arguments.is_empty() {
        return Err(Error::new(
            proc_macro2::Span::call_site(),
            "`#[interface]` takes no arguments",
        ));
    }
    let interface = parse::Interface::parse(item)?;
    let krate = samara_support_crate::path(&SUPPORT, "`#[interface]`")?;
    Ok(emit::emit(&interface, &krate))
}
