//! Attack: a client with little stack restarts a server. What the server calls to restore its neighbours' state has no room
//! *there*: that is taken for the neighbours' fault, and they lose what they had recorded.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
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

/// As `serving`, which looks at its disk first: as file systems do.
fn serving_from_disk(disk: Shadow<dyn Disk>) -> Result<Serving, RpcError> {
    disk.read()?;
    serving(disk)
}

/// Files on a disk that takes a large stack, with two clients: one will ask on a small stack, one on a large.
struct Tree {
    files: Domain<dyn Files>,
    short: Proxy<dyn Client>,
    neighbour: Proxy<dyn Client>,
}

const SMALL: usize = 512 << 10;
const LARGE: usize = 4 << 20;

impl Tree {
    fn spawn(init: fn(Shadow<dyn Disk>) -> Result<Serving, RpcError>) -> Self {
        // The host keeps budgets and stacks from here on.
        drop(contained(true));
        let spec = DomainSpec::new("disk").stack(1 << 20);
        let disk: Domain<dyn Disk> = host().spawn(spec, reading, Mint::nothing()).unwrap();
        let mint = Mint::fallible(move || disk.shadow());
        let restart = Restart::limited(20, Duration::from_secs(3600));
        let spec = DomainSpec::new("files").restart(restart);
        let files = on(LARGE, || host().spawn(spec, init, mint).unwrap());
        let client = |name: &str| {
            let of: Domain<dyn Files> = files.clone();
            let mint = Mint::fallible(move || of.shadow());
            let client = host().spawn(DomainSpec::new(name), calling, mint);
            client.unwrap().proxy().unwrap()
        };
        let (short, neighbour) = (client("short"), client("neighbour"));
        Self {
            files,
            short,
            neighbour,
        }
    }

    /// The files' server is dead, and who asks first has little stack.
    fn restart_on_a_short_stack(&self) {
        assert!(self.files.kill());
        let asked = on(SMALL, || self.short.mounted());
        assert_eq!(asked, Err(RpcError::StackExhausted));
    }
}

#[test]
fn a_restart_on_a_short_stack_gives_nobodys_records_up() {
    let _alone = alone();
    let tree = Tree::spawn(serving);
    assert_eq!(on(LARGE, || tree.neighbour.mount(1)), Ok(1));
    tree.restart_on_a_short_stack();
    let neighbours = on(LARGE, || {
        (tree.neighbour.mounted(), tree.neighbour.mount(2))
    });
    assert_eq!(neighbours, (Ok(1), Ok(2)), "its record was given up");
}

/// One call of a client with little stack spent all restarts of the service.
#[test]
fn an_init_that_finds_no_room_further_in_spends_not_all_restarts() {
    let _alone = alone();
    let tree = Tree::spawn(serving_from_disk);
    tree.restart_on_a_short_stack();
    let neighbours = on(LARGE, || tree.neighbour.mounted());
    assert_eq!(neighbours, Ok(0), "the service is over for everybody");
}
