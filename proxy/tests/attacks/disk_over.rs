//! Attack: a disk crashes until its restarts for this period are spent, and the server above it dies. The replay of a
//! client's recorded call cannot read from the disk for a while. The host once gave the call up for good, together
//! with all other records of the client.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::time::Duration;

#[path = "../fixtures/files.rs"]
mod files;
use files::{Client, Files, calling, serving};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(50);

#[interface]
trait Disk {
    fn die(&self) -> Result<u32, RpcError>;
    #[idempotent]
    fn read(&self) -> Result<u32, RpcError>;
}
struct Reading;
impl Disk for Reading {
    fn die(&self) -> Result<u32, RpcError> {
        panic!("on request")
    }
    fn read(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn reading((): ()) -> Result<Reading, RpcError> {
    Ok(Reading)
}

/// Invariant: HEAP-19
#[test]
fn disk_out_of_restarts_costs_no_client_its_records() {
    let _alone = alone();
    let _contained = contained(true);
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("disk").restart(Restart::limited(3, Duration::from_secs(2)));
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
    // The disk dies several times within a moment, until its restarts for this period are spent.
    let attacker = disk.shadow().unwrap();
    for _ in 0..4 {
        println!("disk: {:?}", attacker.die());
    }
    assert!(files.kill());
    let mounted = files.shadow().unwrap().mounted();
    std::thread::sleep(Duration::from_secs(3));
    let later = files.shadow().unwrap().mounted();
    let next = calls.mount(2);
    println!(
        "mounted {mounted:?}, later {later:?}, the victim's next {next:?}; disk {:?}",
        disk.shadow().unwrap().read()
    );
    victim.kill();
    files.kill();
    disk.kill();
    host().reap();
    assert_eq!(
        (later, next),
        (Ok(1), Ok(2)),
        "the victim's record was given up"
    );
}
