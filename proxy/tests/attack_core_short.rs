//! Attack: shortages of stack that are not the asker's: nobody is blamed for them, so nothing that they keep from starting
//! ever ends, and nothing that they cost is counted.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, Strategy, Supervisor};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System, event_log};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host};
use std::thread;
use std::time::{Duration, Instant};

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
    /// Looks at the disk at each level of a path.
    #[replay]
    fn walk(&self, depth: u32) -> Result<u32, RpcError>;
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
struct Serving(Shadow<dyn Disk>);
impl Serving {
    #[inline(never)]
    fn descend(&self, depth: u32) -> Result<u32, RpcError> {
        let frame = std::hint::black_box([depth as u8; 16]);
        let here = self.0.read()?;
        let below = match depth {
            0 => 0,
            _ => self.descend(depth - 1)?,
        };
        Ok(here + below + u32::from(frame[depth as usize % 16] == depth as u8))
    }
}
impl Files for Serving {
    fn walk(&self, depth: u32) -> Result<u32, RpcError> {
        self.descend(depth)
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn serving(disk: Shadow<dyn Disk>) -> Result<Serving, RpcError> {
    Ok(Serving(disk))
}
/// As `serving`, which looks at its disk first: as file systems do.
fn serving_from_disk(disk: Shadow<dyn Disk>) -> Result<Serving, RpcError> {
    disk.read()?;
    serving(disk)
}

#[interface]
trait Client {
    fn walk(&self, depth: u32) -> Result<u32, RpcError>;
    fn deepest(&self) -> Result<u32, RpcError>;
    fn status(&self, times: u32) -> Result<u32, RpcError>;
}
struct Calling(Shadow<dyn Files>, Proxy<dyn Files>);
impl Client for Calling {
    fn walk(&self, depth: u32) -> Result<u32, RpcError> {
        self.0.walk(depth)
    }
    /// How deep a walk finds room, from where this is.
    fn deepest(&self) -> Result<u32, RpcError> {
        let (mut fits, mut does_not) = (0, 1 << 20);
        while fits + 1 < does_not {
            let depth = (fits + does_not) / 2;
            if self.1.walk(depth).is_ok() {
                fits = depth;
            } else {
                does_not = depth;
            }
        }
        Ok(fits)
    }
    fn status(&self, times: u32) -> Result<u32, RpcError> {
        let mut last = Err(RpcError::Dead);
        for _ in 0..times {
            last = self.0.status();
        }
        last
    }
}
fn calling(
    (files, once): (Shadow<dyn Files>, Proxy<dyn Files>),
) -> Result<Calling, RpcError> {
    Ok(Calling(files, once))
}

/// On a thread with so much stack.
fn on<R: Send>(bytes: usize, body: impl FnOnce() -> R + Send) -> R {
    with(false, bytes, body)
}

fn with<R: Send>(ticks: bool, bytes: usize, body: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let run = || {
            let _contained = contained(ticks);
            body()
        };
        let thread = thread::Builder::new().stack_size(bytes);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

fn disk(name: &str) -> Domain<dyn Disk> {
    host()
        .spawn(DomainSpec::new(name).stack(256 << 10), reading, Mint::nothing())
        .unwrap()
}

fn files(
    name: &str,
    disk: &Domain<dyn Disk>,
    init: fn(Shadow<dyn Disk>) -> Result<Serving, RpcError>,
) -> Domain<dyn Files> {
    let of = disk.clone();
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new(name).restart(restart);
    let mint = Mint::fallible(move || of.shadow());
    on(4 << 20, || host().spawn(spec, init, mint).unwrap())
}

fn client(spec: DomainSpec, of: &Domain<dyn Files>) -> Domain<dyn Client> {
    let of = of.clone();
    let mint = Mint::fallible(move || of.shadow().and_then(|files| Ok((files, of.proxy()?))));
    host().spawn(spec, calling, mint).unwrap()
}

/// The attacker's record just finds room where it is made the first time. Made again it has a few frames less, whoever's stack
/// that is: it fails, but is nobody's fault, and never given up.
#[test]
fn a_record_that_takes_all_of_a_stack_does_not_close_the_service() {
    const STACK: usize = 2 << 20;
    let _alone = alone();
    // The host keeps budgets and stacks from here on.
    drop(contained(true));
    let disk = disk("disk");
    let files = files("files", &disk, serving);
    let attacker = client(DomainSpec::new("attacker"), &files);
    let victim = client(DomainSpec::new("victim"), &files);
    let (a, v) = (attacker.proxy().unwrap(), victim.proxy().unwrap());
    let recorded = on(STACK, || {
        let deepest = a.deepest().unwrap();
        let fits = |depth: &u32| a.walk(*depth).is_ok();
        (0..=deepest).rev().find(fits)
    });
    println!("recorded at depth {recorded:?}");
    assert!(files.kill());
    // Threads of the same size, and the victim at the very bottom of them.
    let got: Vec<_> = (0..40).map(|_| on(STACK, || v.status(1))).collect();
    println!(
        "the victim's: {:?} … {:?}; {} starts",
        got[0],
        got[39],
        files.restarts()
    );
    attacker.kill();
    host().reap();
    println!("without the attacker: {:?}", on(STACK, || v.status(1)));
    for domain in [victim] {
        domain.kill();
    }
    files.kill();
    disk.kill();
    assert_eq!(got[39], Ok(7), "one client's record closes the service for all");
}

/// So it ends a supervised tree: each start fails, and counts.
#[test]
fn a_record_that_takes_all_of_a_stack_does_not_end_a_supervised_tree() {
    // As a program's main thread has, and as others have.
    const LARGE: usize = 8 << 20;
    const STACK: usize = 2 << 20;
    let _alone = alone();
    drop(contained(true));
    let disk = disk("disk2");
    let files = files("files2", &disk, serving);
    let neighbour = client(DomainSpec::new("neighbour"), &files);
    let attacker = client(DomainSpec::new("attacker2"), &files);
    let a = attacker.proxy().unwrap();
    let policy = Restart::limited(5, Duration::from_secs(3600));
    let mut supervisor = Supervisor::new("tree", Strategy::OneForOne, policy)
        .with(&files)
        .with(&neighbour);
    let recorded = on(LARGE, || {
        let deepest = a.deepest().unwrap();
        (0..=deepest).rev().find(|depth| a.walk(*depth).is_ok())
    });
    assert!(files.kill());
    let status = on(STACK, || supervisor.poll());
    let lives = neighbour.exit_reason().is_none();
    println!("recorded at depth {recorded:?}; the supervisor: {status:?}, {} starts; the neighbour lives: {lives}", files.restarts());
    attacker.kill();
    neighbour.kill();
    files.kill();
    disk.kill();
    assert!(lives, "one client's record ended its neighbour");
}

/// A client with little stack asks a service that is dead again and again. No restart is spent, so nothing ends it: each request
/// is a start, a death and a reclaim, which the log tells.
#[test]
fn starts_without_room_do_not_fill_the_log() {
    let _alone = alone();
    drop(contained(true));
    let disk = disk("platter");
    let files = files("tree", &disk, serving_from_disk);
    let attacker = client(DomainSpec::new("short"), &files);
    let a = attacker.proxy().unwrap();
    let mut cursor = Default::default();
    while event_log().read(&mut cursor).is_some() {}
    let before = cursor.lost;
    assert!(files.kill());
    let got = on(192 << 10, || a.status(2_000));
    let mut events = 0;
    while event_log().read(&mut cursor).is_some() {
        events += 1;
    }
    let exits: Vec<_> = files.exits().map(|exit| exit.reason.message).collect();
    println!(
        "{got:?}: {events} events read, {} lost; {} restarts; known exits: {exits:?}",
        cursor.lost - before,
        files.restarts()
    );
    attacker.kill();
    files.kill();
    disk.kill();
    assert_eq!(got, Err(RpcError::StackExhausted));
    assert_eq!(cursor.lost, before, "events of others were lost");
}

/// What the host does for such a client counts against no budget.
#[test]
fn starts_without_room_count_against_the_askers_budget() {
    let _alone = alone();
    drop(contained(true));
    let disk = disk("drum");
    let files = files("forest", &disk, serving_from_disk);
    let budget = Duration::from_millis(50);
    let attacker = client(DomainSpec::new("brief").budget(budget), &files);
    let a = attacker.proxy().unwrap();
    assert!(files.kill());
    let began = Instant::now();
    let got = with(true, 192 << 10, || a.status(10_000));
    let took = began.elapsed();
    println!(
        "{got:?} after {took:?} with a budget of {budget:?}; {} starts",
        files.restarts()
    );
    files.kill();
    disk.kill();
    assert!(took < 10 * budget, "{took:?}");
}

/// The same with a service that is over: the host only looks whether it is.
#[test]
fn requests_to_who_is_over_count_against_the_askers_budget() {
    let _alone = alone();
    drop(contained(true));
    let disk = disk("tape");
    let of = disk.clone();
    let mint = Mint::fallible(move || of.shadow());
    let files: Domain<dyn Files> = host()
        .spawn(DomainSpec::new("gone"), serving, mint)
        .unwrap();
    let budget = Duration::from_millis(50);
    let attacker = client(DomainSpec::new("curious").budget(budget), &files);
    let a = attacker.proxy().unwrap();
    assert!(files.kill());
    let began = Instant::now();
    let got = with(true, 2 << 20, || a.status(2_000_000));
    let took = began.elapsed();
    println!("{got:?} after {took:?} with a budget of {budget:?}");
    files.kill();
    disk.kill();
    assert!(took < 10 * budget, "{took:?}");
}
