//! Attack: starts that run short of stack. If a start uses up as much stack as it is promised, the start counts as
//! failed, or the recorded call that it replays. If the thread's stack ends earlier, neither counts as failed, and
//! the host tries only a few such starts.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, Status, Strategy, Supervisor};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System, event_log};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host};
use std::thread;
use std::time::Duration;

#[path = "../fixtures/disk.rs"]
mod disk;
use disk::{Disk, reading};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const RESTARTS: u32 = 20;

#[interface]
trait Files {
    /// Reads from the disk at each level of a path.
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
/// As `serving`, but reads from the disk first, as file systems do.
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
    /// Returns the depth of the deepest walk that finds room on the stack below this call.
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
fn calling((files, once): (Shadow<dyn Files>, Proxy<dyn Files>)) -> Result<Calling, RpcError> {
    Ok(Calling(files, once))
}

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

fn disk(name: &str) -> Domain<dyn Disk> {
    host()
        .spawn(
            DomainSpec::new(name).stack(256 << 10),
            reading,
            Mint::nothing(),
        )
        .unwrap()
}

fn files(
    name: &str,
    disk: &Domain<dyn Disk>,
    init: fn(Shadow<dyn Disk>) -> Result<Serving, RpcError>,
) -> Domain<dyn Files> {
    let of = disk.clone();
    let restart = Restart::limited(RESTARTS, Duration::from_secs(3600));
    let spec = DomainSpec::new(name).restart(restart);
    let mint = Mint::fallible(move || of.shadow());
    on(4 << 20, || host().spawn(spec, init, mint).unwrap())
}

fn client(spec: DomainSpec, of: &Domain<dyn Files>) -> Domain<dyn Client> {
    let of = of.clone();
    let mint = Mint::fallible(move || of.shadow().and_then(|files| Ok((files, of.proxy()?))));
    host().spawn(spec, calling, mint).unwrap()
}

/// Has the attacker record a call with the deepest walk that finds room on a thread with `stack` bytes.
fn record_deepest(attacker: &Proxy<dyn Client>, stack: usize) {
    let recorded = on(stack, || {
        let deepest = attacker.deepest().unwrap();
        let fits = |depth: &u32| attacker.walk(*depth).is_ok();
        (0..=deepest).rev().find(fits)
    });
    assert!(recorded > Some(100), "{recorded:?}");
}

/// On a thread with a stack of the same size, a replay leaves the walk a few frames less room than the first call
/// had. So the walk never fits.
///
/// Invariant: HEAP-25
#[test]
fn whole_stack_record_is_given_up() {
    const STACK: usize = 2 << 20;
    let _alone = alone();
    // From here on the host enforces budgets and stacks.
    drop(contained(true));
    let disk = disk("disk");
    let files = files("files", &disk, serving);
    let attacker = client(DomainSpec::new("attacker"), &files);
    let victim = client(DomainSpec::new("victim"), &files);
    record_deepest(&attacker.proxy().unwrap(), STACK);
    assert!(files.kill());
    // The victim calls from an otherwise empty stack of the same size.
    let proxy = victim.proxy().unwrap();
    let got = on(STACK, || proxy.status(1));
    assert_eq!(
        got,
        Ok(7),
        "one client's record makes the service unavailable for all"
    );
    assert_eq!(files.restarts(), 2);
    for killed in [attacker.kill(), victim.kill(), files.kill(), disk.kill()] {
        assert!(killed);
    }
    host().reap();
}

/// Invariant: HEAP-25
#[test]
fn whole_stack_record_ends_no_supervised_tree() {
    // The stacks of a program's main thread and of its other threads.
    const LARGE: usize = 8 << 20;
    const STACK: usize = 2 << 20;
    let _alone = alone();
    drop(contained(true));
    let disk = disk("disk");
    let files = files("files", &disk, serving);
    let neighbour = client(DomainSpec::new("neighbour"), &files);
    let attacker = client(DomainSpec::new("attacker"), &files);
    let policy = Restart::limited(5, Duration::from_secs(3600));
    let mut supervisor = Supervisor::new("tree", Strategy::OneForOne, policy)
        .with(&files)
        .with(&neighbour);
    record_deepest(&attacker.proxy().unwrap(), LARGE);
    assert!(files.kill());
    assert_eq!(on(STACK, || supervisor.poll()), Status::Settled);
    assert!(neighbour.exit_reason().is_none(), "the neighbour was ended");
    for killed in [attacker.kill(), neighbour.kill(), files.kill(), disk.kill()] {
        assert!(killed);
    }
    host().reap();
}

/// A client with little stack calls a dead service again and again. No restart is spent. If the host reported each of
/// these starts, they would fill the event log, and one of them would be the newest known end of the service.
///
/// Invariant: HEAP-27
#[test]
fn starts_without_room_do_not_fill_the_log() {
    let _alone = alone();
    drop(contained(true));
    let disk = disk("disk");
    let files = files("files", &disk, serving_from_disk);
    let attacker = client(DomainSpec::new("short"), &files);
    let proxy = attacker.proxy().unwrap();
    let mut cursor = Default::default();
    while event_log().read(&mut cursor).is_some() {}
    let before = cursor.lost;
    assert!(files.kill());
    let got = on(192 << 10, || proxy.status(2_000));
    assert_eq!(got, Err(RpcError::StackExhausted));
    while event_log().read(&mut cursor).is_some() {}
    assert_eq!(cursor.lost, before, "events of others were lost");
    let tried = files.restarts();
    assert!(tried <= RESTARTS + 1, "{tried} failed starts");
    let ends: Vec<_> = files.exits().map(|exit| exit.reason.message).collect();
    assert_eq!(ends.len(), 1, "{ends:?}");
    // Other clients have lost nothing, and a client that has room is not refused.
    let victim = client(DomainSpec::new("victim"), &files);
    let proxy = victim.proxy().unwrap();
    assert_eq!(on(2 << 20, || proxy.status(1)), Ok(7));
    for killed in [attacker.kill(), victim.kill(), files.kill(), disk.kill()] {
        assert!(killed);
    }
    host().reap();
}
