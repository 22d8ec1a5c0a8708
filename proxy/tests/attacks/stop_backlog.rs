//! Attack: a client drops many objects just before their exporter is stopped in an orderly way. Each destructor
//! takes a small part of the exporter's budget; together they take longer than the stop's deadline.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(100);
const DEADLINE: Duration = Duration::from_millis(500);
/// The destructors of this many objects take four deadlines.
const OBJECTS: u32 = 400;

/// Whether the server's own destructor has run to its end.
static FLUSHED: AtomicBool = AtomicBool::new(false);

fn spin(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[interface]
trait Object {}
struct Short;
impl Object for Short {}
impl Drop for Short {
    fn drop(&mut self) {
        spin(BUDGET / 20);
    }
}

#[interface]
trait Server {
    fn hand_out(&self) -> Result<Proxy<dyn Object>, RpcError>;
}
struct Serving;
impl Server for Serving {
    fn hand_out(&self) -> Result<Proxy<dyn Object>, RpcError> {
        Proxy::export(Short).map_err(|(error, short)| {
            std::mem::forget(short);
            error.into()
        })
    }
}
impl Drop for Serving {
    fn drop(&mut self) {
        spin(BUDGET / 5);
        FLUSHED.store(true, SeqCst);
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving)
}

#[interface]
trait Client {
    fn open_and_let_go(&self, server: Proxy<dyn Server>, objects: u32) -> Result<u32, RpcError>;
}
struct Opening;
impl Client for Opening {
    fn open_and_let_go(&self, server: Proxy<dyn Server>, objects: u32) -> Result<u32, RpcError> {
        let mut all = Vec::new();
        for _ in 0..objects {
            all.push(server.hand_out()?);
        }
        Ok(all.len() as u32)
    }
}
fn opening((): ()) -> Result<Opening, RpcError> {
    Ok(Opening)
}

/// Invariant: EXPORT-6
#[test]
fn dropped_objects_spare_an_exporter_in_its_stop() {
    let _alone = alone();
    let _contained = contained(true);
    let spec = DomainSpec::new("server").budget(BUDGET);
    let server: Domain<dyn Server> = host().spawn(spec, serving, Mint::nothing()).unwrap();
    let spec = DomainSpec::new("client");
    let client: Domain<dyn Client> = host().spawn(spec, opening, Mint::nothing()).unwrap();
    let opens = client.proxy().unwrap();
    let of = server.proxy().unwrap();
    assert_eq!(opens.open_and_let_go(of, OBJECTS), Ok(OBJECTS));
    server.stop(DEADLINE).unwrap();
    assert_eq!(server.exit_reason().unwrap().kind, ExitKind::Stopped);
    assert!(FLUSHED.load(SeqCst), "its own destructor must run");
    client.kill();
    host().reap();
}
