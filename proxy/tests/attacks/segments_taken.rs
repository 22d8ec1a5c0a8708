//! Attack: one domain's threads stay on stack segments, of which all domains share a limited number. Calls of other
//! domains that need a segment were once refused, and so were starts of these domains.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::contained::{allow_segments, contained};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::hosted::{alone, host};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const SEGMENTS: usize = 8;
static INSIDE: AtomicU32 = AtomicU32::new(0);
static REFUSED: AtomicU32 = AtomicU32::new(0);

#[interface]
trait Back {
    fn stay(&self) -> Result<u32, RpcError>;
}
#[interface]
trait Server {
    fn call(&self, back: Proxy<dyn Back>) -> Result<u32, RpcError>;
    fn ping(&self) -> Result<u32, RpcError>;
}
struct Serving;
impl Server for Serving {
    fn call(&self, back: Proxy<dyn Back>) -> Result<u32, RpcError> {
        back.stay()
    }
    fn ping(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving)
}

#[interface]
trait Client {
    fn hoard(&self) -> Result<u32, RpcError>;
    fn ping(&self) -> Result<u32, RpcError>;
}
struct Calling(Arc<Proxy<dyn Server>>);
struct Staying;
impl Back for Staying {
    fn stay(&self) -> Result<u32, RpcError> {
        INSIDE.fetch_add(1, SeqCst);
        loop {
            own_thread::park_timeout(Duration::from_millis(20));
            std::thread::yield_now();
            own_thread::yield_now();
        }
    }
}
impl Client for Calling {
    fn hoard(&self) -> Result<u32, RpcError> {
        for _ in 0..SEGMENTS {
            let server = self.0.clone();
            let stays = move || {
                let back = Proxy::export(Staying).map_err(|_| ()).unwrap();
                assert_eq!(server.call(back), Err(RpcError::StackExhausted));
                REFUSED.fetch_add(1, SeqCst);
            };
            own_thread::spawn(stays).map_err(|_| RpcError::OutOfMemory)?;
        }
        while INSIDE.load(SeqCst) + REFUSED.load(SeqCst) < SEGMENTS as u32 {
            own_thread::yield_now();
        }
        Ok(INSIDE.load(SeqCst))
    }
    fn ping(&self) -> Result<u32, RpcError> {
        self.0.ping()
    }
}
fn calling(server: Proxy<dyn Server>) -> Result<Calling, RpcError> {
    Ok(Calling(Arc::new(server)))
}

/// Invariant: HEAP-16
#[test]
fn one_domain_does_not_take_all_segments() {
    let _alone = alone();
    drop(contained(true));
    allow_segments(SEGMENTS);
    // More stack than any thread here has.
    let spec = DomainSpec::new("server").stack(16 << 20);
    let _contained = contained(true);
    let server: Domain<dyn Server> = host().spawn(spec, serving, Mint::nothing()).unwrap();
    let client = |name| {
        let of = server.clone();
        let mint = Mint::fallible(move || of.proxy());
        let domain: Domain<dyn Client> =
            host().spawn(DomainSpec::new(name), calling, mint).unwrap();
        domain
    };
    let (hoarder, other) = (client("hoarder"), client("other"));
    assert_eq!(other.proxy().unwrap().ping(), Ok(7));
    // While half of the segments are left, no domain's share is counted.
    assert_eq!(
        hoarder.proxy().unwrap().hoard(),
        Ok(SEGMENTS as u32 / 2 + 1)
    );
    let got = other.proxy().unwrap().ping();
    hoarder.kill();
    other.kill();
    server.kill();
    std::thread::sleep(Duration::from_millis(300));
    host().reap();
    allow_segments(0);
    assert_eq!(got, Ok(7));
}
