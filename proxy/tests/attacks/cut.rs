//! A tick that ends a domain's thread at any moment must not find the runtime with something in its hands
//! that nobody would ever give back, or that would be given back twice.
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

/// How many domains are cut at a moment of chance.
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

/// Each does one thing until it is cut.
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

/// Has [`CUTS`] domains be cut in what `call` has them do; each is reclaimed whole.
fn cut_again_and_again(call: impl Fn(&Proxy<dyn Busy>) -> Result<(), RpcError>) {
    let before = Totals::now();
    for _ in 0..CUTS {
        let spec = DomainSpec::new("busy")
            .budget(Duration::from_millis(1))
            .threads(2);
        let domain: Domain<dyn Busy> = loop {
            match host().spawn(spec, bee, Mint::nothing()) {
                Ok(domain) => break domain,
                // The budget counts in `init` too, and this machine may have other things to do.
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

#[test]
fn a_handle_that_is_cloned_or_dropped_is_counted_once_wherever_its_holder_is_cut() {
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
        "a count is left of somebody who was cut"
    );
}

#[test]
fn what_the_host_keeps_of_an_opened_object_goes_wherever_its_holder_is_cut() {
    let _alone = alone();
    let _contained = contained(true);
    let server = server();
    drop(server.shadow().unwrap().open().unwrap());
    host().collect_exports();
    cut_again_and_again(|busy| busy.open_and_drop(server.shadow().unwrap()));
}

#[test]
fn a_domain_is_reclaimed_wherever_it_is_cut_in_spawning_a_thread() {
    let _alone = alone();
    let _contained = contained(true);
    cut_again_and_again(Busy::spawn_threads);
}
