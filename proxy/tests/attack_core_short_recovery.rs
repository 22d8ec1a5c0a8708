//! Attack: as `attack_short_replay`, with a disk that is dead as well: there is no room to *restart* it, which nobody notes.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Disk {
    fn read(&self) -> Result<u32, RpcError>;
}
struct Reading;
impl Disk for Reading {
    fn read(&self) -> Result<u32, RpcError> {
        Ok(1)
    }
}
fn reading((): ()) -> Result<Reading, RpcError> {
    Ok(Reading)
}

#[interface]
trait Files {
    #[replay]
    fn mount(&self, volume: u32) -> Result<u32, RpcError>;
    #[idempotent]
    fn mounted(&self) -> Result<u32, RpcError>;
}
struct Serving(Shadow<dyn Disk>, AtomicU32);
impl Files for Serving {
    fn mount(&self, _: u32) -> Result<u32, RpcError> {
        self.0.read()?;
        Ok(self.1.fetch_add(1, SeqCst) + 1)
    }
    fn mounted(&self) -> Result<u32, RpcError> {
        Ok(self.1.load(SeqCst))
    }
}
fn serving(disk: Shadow<dyn Disk>) -> Result<Serving, RpcError> {
    Ok(Serving(disk, AtomicU32::new(0)))
}

#[interface]
trait Client {
    fn mounted(&self) -> Result<u32, RpcError>;
    fn mount(&self, volume: u32) -> Result<u32, RpcError>;
}
struct Calling(Shadow<dyn Files>);
impl Client for Calling {
    fn mounted(&self) -> Result<u32, RpcError> {
        self.0.mounted()
    }
    fn mount(&self, volume: u32) -> Result<u32, RpcError> {
        self.0.mount(volume)
    }
}
fn calling(files: Shadow<dyn Files>) -> Result<Calling, RpcError> {
    Ok(Calling(files))
}

/// On a thread with so much stack.
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

#[test]
fn a_disk_that_can_not_be_restarted_there_gives_nobodys_records_up() {
    let _alone = alone();
    // The host keeps budgets and stacks from here on.
    drop(contained(true));
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let disk: Domain<dyn Disk> = host()
        .spawn(
            DomainSpec::new("disk").stack(1 << 20).restart(restart),
            reading,
            Mint::nothing(),
        )
        .unwrap();
    let of = disk.clone();
    let files: Domain<dyn Files> = host()
        .spawn(
            DomainSpec::new("files").restart(restart),
            serving,
            Mint::fallible(move || of.shadow()),
        )
        .unwrap();
    let client = |name: &str| -> Domain<dyn Client> {
        let of = files.clone();
        host()
            .spawn(
                DomainSpec::new(name),
                calling,
                Mint::fallible(move || of.shadow()),
            )
            .unwrap()
    };
    let (short, neighbour) = (client("short"), client("neighbour"));
    let (attacker, victim) = (short.proxy().unwrap(), neighbour.proxy().unwrap());
    assert_eq!(on(4 << 20, || victim.mount(1)), Ok(1));
    assert!(files.kill());
    assert!(disk.kill());
    println!(
        "the attacker's call: {:?}",
        on(512 << 10, || attacker.mounted())
    );
    let after = on(4 << 20, || (victim.mounted(), victim.mount(2)));
    println!("the neighbour's: {after:?}; {} restarts", files.restarts());
    assert_eq!(after, (Ok(1), Ok(2)), "the neighbour's record was given up");
}

/// As `serving`, which looks at its disk first: as file systems do.
fn serving_from_disk(disk: Shadow<dyn Disk>) -> Result<Serving, RpcError> {
    disk.read()?;
    serving(disk)
}

/// So it is with `init`: one call of a client with little stack spends all restarts of the service.
#[test]
fn an_init_that_finds_no_room_to_restart_its_disk_spends_not_all_restarts() {
    let _alone = alone();
    // The host keeps budgets and stacks from here on.
    drop(contained(true));
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let disk: Domain<dyn Disk> = host()
        .spawn(
            DomainSpec::new("platter")
                .stack(1 << 20)
                .restart(restart),
            reading,
            Mint::nothing(),
        )
        .unwrap();
    let of = disk.clone();
    let mint = Mint::fallible(move || of.shadow());
    let spec = DomainSpec::new("tree").restart(restart);
    let files: Domain<dyn Files> = on(4 << 20, || {
        host().spawn(spec, serving_from_disk, mint).unwrap()
    });
    let client = |name: &str| -> Domain<dyn Client> {
        let of = files.clone();
        host()
            .spawn(
                DomainSpec::new(name),
                calling,
                Mint::fallible(move || of.shadow()),
            )
            .unwrap()
    };
    let (short, neighbour) = (client("little"), client("other"));
    let (attacker, victim) = (short.proxy().unwrap(), neighbour.proxy().unwrap());
    assert!(files.kill());
    assert!(disk.kill());
    println!(
        "the attacker's call: {:?}",
        on(512 << 10, || attacker.mounted())
    );
    let after = on(4 << 20, || victim.mounted());
    println!("the neighbour's: {after:?}; {} restarts", files.restarts());
    assert_eq!(after, Ok(0), "the service is over for everybody");
}
