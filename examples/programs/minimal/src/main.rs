//! The smallest embedded program: two domains in one image, without an allocator and without unwind tables.
//!
//! The domains are a store with a bug and a client that calls it, with memory from one static buffer. The store dies,
//! the client lives on, and the host starts the store again.
#![no_std]
#![no_main]

mod client;
mod host;
mod platform;
mod store;

use core::panic::PanicInfo;
use platform::say;
use samara::prelude::*;
use samara::unwind;

/// The interface of the store.
#[interface]
trait Store {
    fn put(&self, key: u8, value: RRef<[u8; 32]>) -> Result<(), RpcError>;
    fn take(&self, key: u8) -> Result<Option<RRef<[u8; 32]>>, RpcError>;
}

/// The interface of the client.
#[interface]
trait Client {
    fn ask(&self, key: u8) -> Result<u32, RpcError>;
}

/// The number of the failed step, which becomes the exit code.
type Failed = u8;

fn demonstrate() -> Result<(), Failed> {
    let runtime = host::runtime();
    let spec = DomainSpec::new("store").shared_quota(1024);
    let start = || runtime.spawn_once::<dyn Store, _, _, _>(&spec, store::init, ());
    let first = start().map_err(|_| 10)?;

    let proxy = Proxy::try_new(first).map_err(|_| 11)?;
    let client = runtime
        .spawn_once::<dyn Client, _, _, _>(&DomainSpec::new("client"), client::init, proxy)
        .map_err(|_| 12)?;
    let client = Proxy::try_new(client).map_err(|_| 13)?;
    if client.ask(1) != Ok(32) {
        return Err(14);
    }
    say!("the client looks up 1: {:?}", client.ask(1));

    // The store panics in a call. Only the store dies.
    for restarts in 0..20 {
        let store = if restarts == 0 {
            first
        } else {
            start().map_err(|_| 15)?
        };
        let proxy = Proxy::try_new(store).map_err(|_| 16)?;
        let value = RRef::try_new([1; 32]).map_err(|_| 17)?;
        proxy.put(1, value).map_err(|_| 18)?;
        if proxy.take(store::DEADLY).err() != Some(RpcError::Crashed) {
            return Err(19);
        }
        let reason = store.reason().ok_or(20)?;
        if restarts == 0 {
            say!("the store dies of 13: {reason}");
            say!("the client's proxy is dead: {:?}", client.ask(1));
        }
        if proxy.put(1, RRef::try_new([2; 32]).map_err(|_| 21)?) != Err(RpcError::Dead) {
            return Err(22);
        }
        // The reclaim frees the value that the store kept, and the store's own object. It finds both by their owner
        // words.
        if runtime.reap() != 1 || store.reason() != Some(reason) {
            return Err(23);
        }
    }
    if client.ask(1) != Err(RpcError::Dead) {
        return Err(24);
    }
    let objects = samara::heap::heap::census_all().objects;
    say!("twenty lives later {objects} object is left: the client's");
    if objects == 1 { Ok(()) } else { Err(25) }
}

pub(crate) fn run() -> u8 {
    let code = demonstrate().err().unwrap_or(0);
    say!("result: {}", if code == 0 { "ok" } else { "failed" });
    code
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // A panic of trusted code is not recorded, and so not cut: the locks that the code holds would stay locked.
    if samara::runtime::panic::record(&info.message(), info.location()) {
        let _no_boundary = unwind::begin_panic();
    }
    say!("stopped: {info}");
    platform::exit(101)
}
