//! Attack: a call stays inside a dead disk. A server that reads from its disk when it starts waits for the disk on
//! its own budget, and its start fails. The host once took this wait for its own vain work and charged it to the
//! caller of the server, which was ended.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host, wait_until};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const CLIENTS: Duration = Duration::from_millis(100);
/// The server's budget, which limits how long the server waits for the disk.
const SERVERS: Duration = Duration::from_millis(800);

static INSIDE: AtomicBool = AtomicBool::new(false);
static OVER: AtomicBool = AtomicBool::new(false);
static STARTS: AtomicU32 = AtomicU32::new(0);

#[interface]
trait Disk {
    fn read(&self) -> Result<u32, RpcError>;
    /// Returns when the test is over.
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

#[interface]
trait Files {
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
struct Serving(#[expect(dead_code, reason = "it has a disk")] Shadow<dyn Disk>);
impl Files for Serving {
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
/// Reads from the disk first.
fn serving(disk: Shadow<dyn Disk>) -> Result<Serving, RpcError> {
    STARTS.fetch_add(1, SeqCst);
    disk.read()?;
    Ok(Serving(disk))
}

#[interface]
trait Client {
    fn status(&self) -> Result<u32, RpcError>;
}
struct Asking(Shadow<dyn Files>);
impl Client for Asking {
    fn status(&self) -> Result<u32, RpcError> {
        self.0.status()
    }
}
fn asking(of: Shadow<dyn Files>) -> Result<Asking, RpcError> {
    Ok(Asking(of))
}

/// Returns the result of a client that calls `files` while a call is inside its dead disk. The disk's drain
/// timeout is `drain`.
fn asks_while_its_disk_drains(files: DomainSpec, drain: Duration) -> Result<u32, RpcError> {
    let _alone = alone();
    let _contained = contained(true);
    INSIDE.store(false, SeqCst);
    OVER.store(false, SeqCst);
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("disk")
        .restart(restart)
        .drain_timeout(drain);
    let init = |()| Ok::<_, RpcError>(Reading);
    let disk: Domain<dyn Disk> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let of = disk.clone();
    let mint = Mint::fallible(move || of.shadow());
    let files: Domain<dyn Files> = host().spawn(files.restart(restart), serving, mint).unwrap();
    let of = files.clone();
    let mint = Mint::fallible(move || of.shadow());
    let spec = DomainSpec::new("innocent").budget(CLIENTS);
    let client: Domain<dyn Client> = host().spawn(spec, asking, mint).unwrap();
    let proxy = client.proxy().unwrap();
    assert_eq!(proxy.status(), Ok(7));
    let direct = disk.proxy().unwrap();
    let inside = thread::spawn(move || {
        let _contained = contained(false);
        let _ = direct.long();
    });
    wait_until("the call", || INSIDE.load(SeqCst));
    assert!(disk.kill() && files.kill());
    let starts = STARTS.load(SeqCst);
    let got = proxy.status();
    assert!(
        STARTS.load(SeqCst) > starts,
        "the server must have waited in its start: {got:?}"
    );
    OVER.store(true, SeqCst);
    inside.join().unwrap();
    let died = client.exit_reason().map(|end| (end.kind, end.message));
    client.kill();
    files.kill();
    disk.kill();
    host().reap();
    assert_eq!(died, None, "{got:?}");
    got
}

/// Invariant: ORDER-23
#[test]
fn asker_of_a_start_that_waits_for_its_disk_lives() {
    let spec = DomainSpec::new("files").budget(SERVERS);
    let got = asks_while_its_disk_drains(spec, Duration::from_secs(20));
    assert_eq!(got, Err(RpcError::RecoveryFailed));
}

/// After its drain timeout the disk starts without its old generation, and the server comes up.
///
/// Invariant: ORDER-23
#[test]
fn asker_of_a_start_without_a_budget_lives() {
    let got = asks_while_its_disk_drains(DomainSpec::new("files"), SERVERS);
    assert_eq!(got, Ok(7));
}
