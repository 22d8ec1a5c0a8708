//! Attack: a server dies while a recorded call is replayed, but another thread of the server or another call has
//! killed it. No client may lose its recorded calls for that death.

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host, wait_until};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The number of starts so far, by which the test numbers the generations of the server.
static STARTS: AtomicU32 = AtomicU32::new(0);

#[interface]
trait Files {
    /// Starts a worker thread, which panics in the second generation.
    #[replay]
    fn watch(&self) -> Result<u32, RpcError>;
    /// Takes 100 ms.
    #[replay]
    fn mount(&self, volume: u32) -> Result<u32, RpcError>;
    #[idempotent]
    fn mounted(&self) -> Result<u32, RpcError>;
}
struct Serving(u32, AtomicU32);
impl Files for Serving {
    fn watch(&self) -> Result<u32, RpcError> {
        let generation = self.0;
        let work = move || {
            own_thread::park_timeout(Duration::from_millis(2));
            assert_ne!(generation, 1, "the worker has a bug");
        };
        own_thread::spawn(work).map_err(|_| RpcError::OutOfMemory)?;
        Ok(0)
    }
    fn mount(&self, _: u32) -> Result<u32, RpcError> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(100) {
            own_thread::yield_now();
        }
        Ok(self.1.fetch_add(1, SeqCst) + 1)
    }
    fn mounted(&self) -> Result<u32, RpcError> {
        Ok(self.1.load(SeqCst))
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving(STARTS.fetch_add(1, SeqCst), AtomicU32::new(0)))
}

#[interface]
trait Client {
    fn watch(&self) -> Result<u32, RpcError>;
    fn mount(&self, volume: u32) -> Result<u32, RpcError>;
    fn mounted(&self) -> Result<u32, RpcError>;
}
struct Calling(Shadow<dyn Files>);
impl Client for Calling {
    fn watch(&self) -> Result<u32, RpcError> {
        self.0.watch()
    }
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

/// Invariant: HEAP-17
#[test]
fn workers_fault_costs_no_client_its_records() {
    let _alone = alone();
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("files").restart(restart);
    let files: Domain<dyn Files> = host().spawn(spec, serving, Mint::nothing()).unwrap();
    let client = |name| {
        let of = files.clone();
        let mint = Mint::fallible(move || of.shadow());
        let domain: Domain<dyn Client> =
            host().spawn(DomainSpec::new(name), calling, mint).unwrap();
        domain
    };
    let (mallory, victim) = (client("mallory"), client("victim"));
    let (bad, good) = (mallory.proxy().unwrap(), victim.proxy().unwrap());
    assert_eq!(bad.watch(), Ok(0));
    assert_eq!(good.mount(1), Ok(1));
    assert!(files.kill());
    let mounted = good.mounted();
    let (next, others) = (good.mount(2), bad.watch());
    let spent = files.restarts();
    mallory.kill();
    victim.kill();
    files.kill();
    host().reap();
    assert_eq!(
        (mounted, next, others),
        (Ok(1), Ok(2), Ok(0)),
        "after {spent} restarts"
    );
}

/// The generation of the server in which `seek` never returns.
const SEEKING: u32 = 1;
static SEEKS: AtomicBool = AtomicBool::new(false);
static SERVERS: AtomicU32 = AtomicU32::new(0);

#[interface]
trait File {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn File>, RpcError>;
    #[replay]
    fn seek(&self, to: u32) -> Result<(), RpcError>;
    #[idempotent]
    fn at(&self) -> Result<u32, RpcError>;
    fn crash(&self) -> Result<(), RpcError>;
}
struct Opened(u32, AtomicU32);
impl File for Opened {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        Proxy::export(Self(self.0, AtomicU32::new(0))).map_err(|(error, _)| error.into())
    }
    fn seek(&self, to: u32) -> Result<(), RpcError> {
        if self.0 == SEEKING {
            SEEKS.store(true, SeqCst);
            loop {
                own_thread::yield_now();
            }
        }
        self.1.store(to, SeqCst);
        Ok(())
    }
    fn at(&self) -> Result<u32, RpcError> {
        Ok(self.1.load(SeqCst))
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("the server has a bug");
    }
}
fn opened((): ()) -> Result<Opened, RpcError> {
    Ok(Opened(SERVERS.fetch_add(1, SeqCst), AtomicU32::new(0)))
}

#[interface]
trait User {
    /// Opens a file, seeks to 3, and hands it on.
    fn open(&self) -> Result<Proxy<dyn File>, RpcError>;
}
struct Owner(Shadow<dyn File>);
impl User for Owner {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        let file = self.0.open()?;
        file.seek(3)?;
        Ok(file)
    }
}
fn owner(file: Shadow<dyn File>) -> Result<Owner, RpcError> {
    Ok(Owner(file))
}

/// Another holder of the file recovers it, which replays the owner's call of `seek`. Meanwhile a stranger's call
/// crashes the server.
///
/// Invariant: HEAP-17
#[test]
fn strangers_crash_ends_no_opened_object() {
    let _alone = alone();
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("opener").restart(restart);
    let files: Domain<dyn File> = host().spawn(spec, opened, Mint::nothing()).unwrap();
    let of = files.clone();
    let mint = Mint::fallible(move || of.shadow());
    let user: Domain<dyn User> = host().spawn(DomainSpec::new("owner"), owner, mint).unwrap();
    let file = user.proxy().unwrap().open().unwrap();
    assert_eq!(file.at(), Ok(3));
    assert!(files.kill());
    let held = file.try_clone().unwrap();
    let holder = thread::spawn(move || held.at());
    wait_until("the call", || SEEKS.load(SeqCst));
    let crashed = files.proxy().unwrap().crash();
    let first = holder.join().unwrap();
    let at = file.at();
    user.kill();
    files.kill();
    host().reap();
    assert_eq!(crashed, Err(RpcError::Crashed));
    assert_eq!(at, Ok(3), "after {first:?}");
}
