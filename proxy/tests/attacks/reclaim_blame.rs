//! Attack: a disk that holds very many objects dies, and so does the server above it. The server's restart replays a
//! client's recorded call, which reads from the disk and so reclaims the disk's dead generation. The time of this
//! reclaim once counted against the server's budget: the server was ended, and the client lost its records.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::Mutex;
use std::time::Duration;

#[path = "../fixtures/files.rs"]
mod files;
use files::{Client, Files, calling, serving};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(50);

#[interface]
trait Disk {
    fn hoard(&self, of: Proxy<dyn Disk>, handles: usize) -> Result<u32, RpcError>;
    fn die(&self) -> Result<u32, RpcError>;
    #[idempotent]
    fn read(&self) -> Result<u32, RpcError>;
}
#[derive(Default)]
struct Reading(Mutex<Vec<Proxy<dyn Disk>>>);
impl Disk for Reading {
    fn hoard(&self, of: Proxy<dyn Disk>, handles: usize) -> Result<u32, RpcError> {
        let mut all = self.0.lock().map_err(|_| RpcError::Crashed)?;
        for _ in 0..handles {
            all.push(of.try_clone()?);
        }
        Ok(all.len() as u32)
    }
    fn die(&self) -> Result<u32, RpcError> {
        panic!("on request")
    }
    fn read(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn reading((): ()) -> Result<Reading, RpcError> {
    Ok(Reading::default())
}

fn attack(handles: usize) -> (Result<u32, RpcError>, Result<u32, RpcError>) {
    let _alone = alone();
    let _contained = contained(true);
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("disk").restart(restart);
    let disk: Domain<dyn Disk> = host().spawn(spec, reading, Mint::nothing()).unwrap();
    let of = disk.clone();
    let mint = Mint::fallible(move || of.shadow());
    let spec = DomainSpec::new("files").restart(restart).budget(BUDGET);
    let files: Domain<dyn Files> = host().spawn(spec, serving, mint).unwrap();
    let of = files.clone();
    let mint = Mint::fallible(move || of.shadow());
    let victim: Domain<dyn Client> = host()
        .spawn(DomainSpec::new("victim"), calling, mint)
        .unwrap();
    let calls = victim.proxy().unwrap();
    assert_eq!(calls.mount(1), Ok(1));
    let attacker = disk.proxy().unwrap();
    let hoards = attacker.hoard(disk.proxy().unwrap(), handles);
    assert_eq!(hoards, Ok(handles as u32));
    assert!(attacker.die().is_err());
    assert!(files.kill());
    let mounted = files.shadow().unwrap().mounted();
    let next = calls.mount(2);
    for exit in files.exits() {
        println!("files: {:?} {}", exit.reason.kind, exit.reason.message);
    }
    println!("{handles}: mounted {mounted:?}, the victim's next {next:?}");
    victim.kill();
    files.kill();
    disk.kill();
    host().reap();
    (mounted, next)
}

/// Invariant: HEAP-20
#[test]
fn disks_reclaim_costs_no_client_its_records() {
    let expected = (Ok(1), Ok(2));
    assert_eq!(attack(0), expected, "without a hoard");
    assert_eq!(
        attack(400_000),
        expected,
        "the victim's record was given up"
    );
}
