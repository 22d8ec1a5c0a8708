//! Attack: a client with little stack restarts a server. That stack has no room for the calls that the server makes
//! when the recorded calls of its other clients are replayed. The host once took the lack of room for a fault of the
//! other clients, and they lost their recorded calls.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow};
use samara_testkit::hosted::{alone, host};
use std::thread;
use std::time::Duration;

#[path = "../fixtures/disk.rs"]
mod disk;
use disk::{Disk, reading};

#[path = "../fixtures/files.rs"]
mod files;
use files::{Client, Files, Serving, calling, serving};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Runs `body` on a thread with `bytes` of stack.
fn on<R: Send>(bytes: usize, body: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let run = || {
            let _contained = contained(false);
            body()
        };
        let thread = thread::Builder::new().stack_size(bytes);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

/// As `serving`, but reads from the disk first, as file systems do.
fn serving_from_disk(disk: Shadow<dyn Disk>) -> Result<Serving, RpcError> {
    disk.read()?;
    serving(disk)
}

/// The place where room is missing: a call of the disk, or a restart of the disk.
#[derive(Clone, Copy, PartialEq)]
enum Missed {
    InCall,
    InRestart,
}

/// Has a client with little stack find the file server dead and fail to restart it. Asserts that another client,
/// which has a recorded call if `records`, keeps it, and that the service can still be restarted.
fn restart_on_a_short_stack(
    init: fn(Shadow<dyn Disk>) -> Result<Serving, RpcError>,
    records: bool,
    missed: Missed,
) {
    let _alone = alone();
    // From here on the host enforces budgets and stacks.
    drop(contained(true));
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("disk").stack(1 << 20).restart(restart);
    let disk: Domain<dyn Disk> = host().spawn(spec, reading, Mint::nothing()).unwrap();
    let of = disk.clone();
    let mint = Mint::fallible(move || of.shadow());
    let spec = DomainSpec::new("files").restart(restart);
    let files: Domain<dyn Files> = on(4 << 20, || host().spawn(spec, init, mint).unwrap());
    let client = |name: &str| -> Domain<dyn Client> {
        let of = files.clone();
        let mint = Mint::fallible(move || of.shadow());
        host().spawn(DomainSpec::new(name), calling, mint).unwrap()
    };
    let (short, neighbour) = (client("short"), client("neighbour"));
    let (attacker, victim) = (short.proxy().unwrap(), neighbour.proxy().unwrap());
    let recorded = u32::from(records);
    if records {
        assert_eq!(on(4 << 20, || victim.mount(1)), Ok(1));
    }
    assert!(files.kill());
    if missed == Missed::InRestart {
        assert!(disk.kill());
    }
    let got = on(512 << 10, || attacker.mounted());
    assert_eq!(got, Err(RpcError::StackExhausted));
    let after = on(4 << 20, || (victim.mounted(), victim.mount(2)));
    assert_eq!(
        after,
        (Ok(recorded), Ok(recorded + 1)),
        "the other client's record was given up, or the service has no restarts left"
    );
    for domain in [short, neighbour] {
        domain.kill();
    }
    files.kill();
    disk.kill();
    host().reap();
}

/// Invariant: HEAP-23
#[test]
fn restart_on_a_short_stack_loses_no_records() {
    restart_on_a_short_stack(serving, true, Missed::InCall);
}

/// Invariant: HEAP-23
#[test]
fn disk_not_restarted_for_want_of_room_loses_nothing() {
    restart_on_a_short_stack(serving, true, Missed::InRestart);
}

/// If the host took a lack of room in `init` for a fault of the service, one call of a client with little stack would
/// spend all restarts of the service.
///
/// Invariant: HEAP-23
#[test]
fn init_without_room_does_not_spend_all_restarts() {
    restart_on_a_short_stack(serving_from_disk, false, Missed::InCall);
}

/// Invariant: HEAP-23
#[test]
fn init_without_room_for_its_disk_spends_nothing() {
    restart_on_a_short_stack(serving_from_disk, false, Missed::InRestart);
}
