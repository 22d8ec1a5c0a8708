//! A tick may end a domain's thread at any moment. Even then the runtime must release each of its resources exactly
//! once.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::threads::api as domain_thread;
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, RpcError, SpawnError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, Shadow, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{Totals, alone, host, wait_until};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The number of domains that are cut, each at a random moment.
const CUTS: usize = 150;

static DROPS: AtomicUsize = AtomicUsize::new(0);

#[interface]
trait File {
    fn read(&self) -> Result<u32, RpcError>;
}

struct Open;
impl File for Open {
    fn read(&self) -> Result<u32, RpcError> {
        Ok(5)
    }
}
impl Drop for Open {
    fn drop(&mut self) {
        DROPS.fetch_add(1, SeqCst);
    }
}

#[interface]
trait Server {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn File>, RpcError>;
    fn temporary(&self) -> Result<Proxy<dyn File>, RpcError>;
}

struct Files;
impl Server for Files {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        Proxy::export(Open).map_err(|(error, _)| error.into())
    }
    fn temporary(&self) -> Result<Proxy<dyn File>, RpcError> {
        self.open()
    }
}

fn files((): ()) -> Result<Files, RpcError> {
    Ok(Files)
}

/// Each method repeats one thing until it is cut.
#[interface]
trait Busy {
    fn clone_and_drop(&self, file: Proxy<dyn File>) -> Result<(), RpcError>;
    fn open_and_drop(&self, server: Shadow<dyn Server>) -> Result<(), RpcError>;
    fn spawn_threads(&self) -> Result<(), RpcError>;
}

struct Bee;
impl Busy for Bee {
    fn clone_and_drop(&self, file: Proxy<dyn File>) -> Result<(), RpcError> {
        loop {
            drop(file.try_clone()?);
        }
    }
    fn open_and_drop(&self, server: Shadow<dyn Server>) -> Result<(), RpcError> {
        loop {
            drop(server.open()?);
            drop(server.try_clone()?);
        }
    }
    fn spawn_threads(&self) -> Result<(), RpcError> {
        loop {
            if let Ok(thread) = domain_thread::spawn(|| ()) {
                thread.join();
            }
        }
    }
}

fn bee((): ()) -> Result<Bee, RpcError> {
    Ok(Bee)
}

/// Cuts [`CUTS`] domains in the method that `call` calls, and asserts that each is reclaimed as a whole.
fn cut_again_and_again(call: impl Fn(&Proxy<dyn Busy>) -> Result<(), RpcError>) {
    let before = Totals::now();
    for _ in 0..CUTS {
        let spec = DomainSpec::new("busy")
            .budget(Duration::from_millis(1))
            .threads(2);
        let domain: Domain<dyn Busy> = loop {
            match host().spawn(spec, bee, Mint::nothing()) {
                Ok(domain) => break domain,
                // The budget counts in `init` too, and this machine may be busy with other things.
                Err(SpawnError::Init(why)) if why.kind == ExitKind::Overrun => {
                    host().reap();
                }
                Err(error) => panic!("{error}"),
            }
        };
        assert_eq!(call(&domain.proxy().unwrap()), Err(RpcError::Crashed));
    }
    wait_until("the reclaims", || {
        host().reap();
        host().collect_exports();
        Totals::now() == before
    });
}

fn server() -> Domain<dyn Server> {
    let spec = DomainSpec::new("files");
    host().spawn(spec, files, Mint::nothing()).unwrap()
}

/// Invariant: EXPORT-13
#[test]
fn cut_holder_leaves_handle_counts_right() {
    let _alone = alone();
    let _contained = contained(true);
    let server = server();
    let file = server.proxy().unwrap().temporary().unwrap();
    DROPS.store(0, SeqCst);
    cut_again_and_again(|busy| busy.clone_and_drop(file.try_clone().unwrap()));
    host().collect_exports();
    assert_eq!((file.read(), DROPS.load(SeqCst)), (Ok(5), 0));
    drop(file);
    host().collect_exports();
    assert_eq!(
        DROPS.load(SeqCst),
        1,
        "a domain that was cut has left a count behind"
    );
}

/// Invariant: EXPORT-13
#[test]
fn cut_opener_leaves_nothing_with_the_host() {
    let _alone = alone();
    let _contained = contained(true);
    let server = server();
    drop(server.shadow().unwrap().open().unwrap());
    host().collect_exports();
    cut_again_and_again(|busy| busy.open_and_drop(server.shadow().unwrap()));
}

/// Invariant: THREAD-2
#[test]
fn domain_cut_in_thread_spawn_is_reclaimed() {
    let _alone = alone();
    let _contained = contained(true);
    cut_again_and_again(Busy::spawn_threads);
}
