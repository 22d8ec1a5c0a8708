//! Attack: a client's call stays inside the dead generation of a disk. A restart of the server above the disk then
//! waits for that call. The wait must not cost the clients of the server their recorded calls.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, deaths, host, wait_until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

static INSIDE: AtomicBool = AtomicBool::new(false);
static OVER: AtomicBool = AtomicBool::new(false);

#[interface]
trait Disk {
    fn read(&self) -> Result<u32, RpcError>;
    fn long(&self) -> Result<u32, RpcError>;
}
struct Reading;
impl Disk for Reading {
    fn read(&self) -> Result<u32, RpcError> {
        Ok(1)
    }
    fn long(&self) -> Result<u32, RpcError> {
        INSIDE.store(true, SeqCst);
        while !OVER.load(SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(1)
    }
}
fn reading((): ()) -> Result<Reading, RpcError> {
    Ok(Reading)
}

/// A server, and a file that it opens.
#[interface]
trait Files {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn Files>, RpcError>;
    #[replay]
    fn mount(&self, volume: u32) -> Result<u32, RpcError>;
    #[idempotent]
    fn mounted(&self) -> Result<u32, RpcError>;
}
struct Serving(Arc<Shadow<dyn Disk>>, AtomicU32);
impl Files for Serving {
    fn open(&self) -> Result<Proxy<dyn Files>, RpcError> {
        let file = Self(self.0.clone(), AtomicU32::new(0));
        Proxy::export(file).map_err(|(error, _)| error.into())
    }
    fn mount(&self, _: u32) -> Result<u32, RpcError> {
        self.0.read()?;
        Ok(self.1.fetch_add(1, SeqCst) + 1)
    }
    fn mounted(&self) -> Result<u32, RpcError> {
        Ok(self.1.load(SeqCst))
    }
}
fn serving(disk: Shadow<dyn Disk>) -> Result<Serving, RpcError> {
    Ok(Serving(Arc::new(disk), AtomicU32::new(0)))
}

#[interface]
trait Client {
    fn mount(&self, volume: u32) -> Result<u32, RpcError>;
    fn mounted(&self) -> Result<u32, RpcError>;
}
struct Calling(Shadow<dyn Files>);
impl Client for Calling {
    fn mount(&self, volume: u32) -> Result<u32, RpcError> {
        self.0.mount(volume)
    }
    fn mounted(&self) -> Result<u32, RpcError> {
        self.0.mounted()
    }
}
fn calling(files: Shadow<dyn Files>) -> Result<Calling, RpcError> {
    Ok(Calling(files))
}
/// Does the same as `Calling`, but calls a file that it has opened, and not the server.
struct Holding(Proxy<dyn Files>);
impl Client for Holding {
    fn mount(&self, volume: u32) -> Result<u32, RpcError> {
        self.0.mount(volume)
    }
    fn mounted(&self) -> Result<u32, RpcError> {
        self.0.mounted()
    }
}
fn holding(files: Shadow<dyn Files>) -> Result<Holding, RpcError> {
    files.open().map(Holding)
}

/// Asserts that a client's recorded call is still there once the disk is back.
fn keeps_records<T: Client + 'static>(init: fn(Shadow<dyn Files>) -> Result<T, RpcError>) {
    let _alone = alone();
    let _contained = contained(true);
    INSIDE.store(false, SeqCst);
    OVER.store(false, SeqCst);
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let disk: Domain<dyn Disk> = host()
        .spawn(
            DomainSpec::new("disk").restart(restart),
            reading,
            Mint::nothing(),
        )
        .unwrap();
    let of = disk.clone();
    let spec = DomainSpec::new("files")
        .restart(restart)
        .budget(Duration::from_millis(100));
    let files: Domain<dyn Files> = host()
        .spawn(spec, serving, Mint::fallible(move || of.shadow()))
        .unwrap();
    let of = files.clone();
    let mint = Mint::fallible(move || of.shadow());
    let victim: Domain<dyn Client> = host().spawn(DomainSpec::new("victim"), init, mint).unwrap();
    let victims = victim.proxy().unwrap();
    assert_eq!(victims.mount(1), Ok(1));
    let direct = disk.proxy().unwrap();
    let inside = thread::spawn(move || {
        let _contained = contained(false);
        let _ = direct.long();
    });
    wait_until("the call", || INSIDE.load(SeqCst));
    assert!(disk.kill());
    assert!(files.kill());
    let got = victims.mounted();
    OVER.store(true, SeqCst);
    inside.join().unwrap();
    host().reap();
    // The disk has drained, so the disk and the server can be restarted.
    let (mounted, next) = (victims.mounted(), victims.mount(2));
    let spent = files.restarts();
    victim.kill();
    files.kill();
    disk.kill();
    host().reap();
    assert_eq!((mounted, next), (Ok(1), Ok(2)), "after {got:?}");
    println!("{spent} restarts");
}

/// Invariant: HEAP-18
#[test]
fn draining_disk_costs_no_client_its_records() {
    keeps_records(calling);
}

/// Invariant: HEAP-18
#[test]
fn draining_disk_ends_no_opened_object() {
    keeps_records(holding);
}

/// A start without the disk spends no restart, and only a limited number of such starts is tried.
///
/// Invariant: HEAP-18
#[test]
fn a_disk_that_is_gone_fills_no_log() {
    const ASKS: usize = 200;
    let _alone = alone();
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let gone = Arc::new(AtomicBool::new(false));
    let device = gone.clone();
    let claim = move || {
        if device.load(SeqCst) {
            return Err("the device is gone");
        }
        Ok(())
    };
    let spec = DomainSpec::new("gone-disk").restart(restart);
    let disk: Domain<dyn Disk> = host().spawn(spec, reading, Mint::fallible(claim)).unwrap();
    let of = disk.clone();
    let spec = DomainSpec::new("without-disk").restart(restart);
    let mint = Mint::fallible(move || of.shadow());
    let files: Domain<dyn Files> = host().spawn(spec, serving, mint).unwrap();
    let of = files.clone();
    let mint = Mint::fallible(move || of.shadow());
    let spec = DomainSpec::new("without-files");
    let client: Domain<dyn Client> = host().spawn(spec, calling, mint).unwrap();
    let asks = client.proxy().unwrap();
    assert_eq!(asks.mount(1), Ok(1));
    gone.store(true, SeqCst);
    assert!(disk.kill());
    assert!(files.kill());
    for _ in 0..ASKS {
        assert_eq!(asks.mounted(), Err(RpcError::RecoveryFailed));
    }
    let died = deaths("without-disk").len();
    gone.store(false, SeqCst);
    wait_until("the disk", || asks.mounted() == Ok(1));
    let next = asks.mount(2);
    client.kill();
    files.kill();
    disk.kill();
    host().reap();
    assert_eq!(next, Ok(2));
    assert!(died < ASKS / 2, "{died}");
}
