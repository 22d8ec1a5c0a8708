//! Attack: a domain lets very many objects of a server's go. Whoever calls that server drops 64 of them a call: entries of the server's, on
//! its time; but what lies between those entries is the caller's.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(20);
const HOARD: u32 = 2_000_000;
const OBJECTS: u32 = 10_000;

/// Microseconds that the bystander's last call took.
static TOOK: AtomicU64 = AtomicU64::new(0);

#[interface]
trait Server {
    fn open(&self) -> Result<Proxy<dyn Object>, RpcError>;
}
#[interface]
trait Object {}
struct Opened;
impl Object for Opened {}
struct Serving;
impl Server for Serving {
    fn open(&self) -> Result<Proxy<dyn Object>, RpcError> {
        Proxy::export(Opened).map_err(|(error, _)| error.into())
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving)
}

#[interface]
trait Bystander {
    /// Opens some objects, and lets each go.
    fn work(&self) -> Result<u64, RpcError>;
}
struct Works(Proxy<dyn Server>);
impl Bystander for Works {
    fn work(&self) -> Result<u64, RpcError> {
        let began = Instant::now();
        for _ in 0..OBJECTS {
            drop(self.0.open()?);
            TOOK.store(began.elapsed().as_micros() as u64, SeqCst);
        }
        Ok(1)
    }
}
fn works(server: Proxy<dyn Server>) -> Result<Works, RpcError> {
    Ok(Works(server))
}

#[interface]
trait Hoarder {
    /// Opens so many objects, and keeps them.
    fn hoard(&self, objects: u32) -> Result<u64, RpcError>;
}
struct Hoards(Proxy<dyn Server>, Mutex<Vec<Proxy<dyn Object>>>);
impl Hoarder for Hoards {
    fn hoard(&self, objects: u32) -> Result<u64, RpcError> {
        let mut all = self.1.lock().map_err(|_| RpcError::Crashed)?;
        for _ in 0..objects {
            all.push(self.0.open()?);
        }
        Ok(all.len() as u64)
    }
}
fn hoards(server: Proxy<dyn Server>) -> Result<Hoards, RpcError> {
    Ok(Hoards(server, Mutex::default()))
}

fn attack() {
    let _ticks = contained(true);
    let spec = DomainSpec::new("server").budget(BUDGET);
    let server: Domain<dyn Server> = host().spawn(spec, serving, Mint::nothing()).unwrap();
    let of = server.clone();
    let spec = DomainSpec::new("hoarder");
    let hoarder: Domain<dyn Hoarder> = host()
        .spawn(spec, hoards, Mint::fallible(move || of.proxy()))
        .unwrap();
    let of = server.clone();
    let spec = DomainSpec::new("bystander").budget(BUDGET);
    let bystander: Domain<dyn Bystander> = host()
        .spawn(spec, works, Mint::fallible(move || of.proxy()))
        .unwrap();
    let proxy = bystander.proxy().unwrap();
    println!("alone: {:?}, {} us", proxy.work(), TOOK.load(SeqCst));
    hoarder.proxy().unwrap().hoard(HOARD).unwrap();
    println!(
        "beside a hoard: {:?}, {} us",
        proxy.work(),
        TOOK.load(SeqCst)
    );
    hoarder.kill();
    host().reap();
    for _ in 0..5 {
        println!(
            "behind a hoard: {:?}, {} us",
            proxy.work(),
            TOOK.load(SeqCst)
        );
    }
    let ended = bystander.exit_reason();
    assert!(
        ended.is_none(),
        "a bystander is ended: {:?}",
        ended.map(|end| end.kind)
    );
}

#[test]
fn who_calls_an_exporter_pays_for_no_objects_that_others_let_go() {
    let _alone = alone();
    attack();
}
