//! Attack: a client lets go of objects that the host exports. The host drops them in the next call of anybody who may be
//! given handles by it, and since decision 125 that is the time of who calls.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, deaths, host};
use std::sync::Mutex;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Files {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError>;
}
#[interface]
#[allow(dead_code, reason = "nobody calls it")]
trait File {
    fn len(&self) -> Result<u32, RpcError>;
}
/// The host's.
struct Serving;
struct Open;
impl File for Open {
    fn len(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
/// What a close takes: a page is written back.
const CLOSE: Duration = Duration::from_millis(1);
impl Drop for Open {
    fn drop(&mut self) {
        let began = Instant::now();
        while began.elapsed() < CLOSE {}
    }
}
impl Files for Serving {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        Proxy::export(Open).map_err(|(error, _)| error.into())
    }
}

#[interface]
trait Client {
    fn open(&self, count: u32) -> Result<u32, RpcError>;
    fn close(&self) -> Result<(), RpcError>;
}
struct Calling(Proxy<dyn Files>, Mutex<Vec<Proxy<dyn File>>>);
impl Client for Calling {
    fn open(&self, count: u32) -> Result<u32, RpcError> {
        for _ in 0..count {
            let file = self.0.open()?;
            self.1.lock().unwrap().push(file);
        }
        Ok(count)
    }
    fn close(&self) -> Result<(), RpcError> {
        self.1.lock().unwrap().clear();
        Ok(())
    }
}
fn calling(files: Proxy<dyn Files>) -> Result<Calling, RpcError> {
    Ok(Calling(files, Mutex::default()))
}

const BUDGET: Duration = Duration::from_millis(20);
const FILES: u32 = 64;

fn attack(by_death: bool) {
    let _alone = alone();
    let _contained = contained(true);
    let files: Proxy<dyn Files> = Proxy::export(Serving).map_err(|(error, _)| error).unwrap();
    let client = |name| {
        let of = files.try_clone().unwrap();
        let mint = Mint::fallible(move || of.try_clone().map_err(|_| RpcError::OutOfMemory));
        let spec = DomainSpec::new(name).budget(BUDGET);
        let domain: Domain<dyn Client> = host().spawn(spec, calling, mint).unwrap();
        domain
    };
    let victim = if by_death { "innocent-a" } else { "innocent-b" };
    let (greedy, other) = (client("greedy"), client(victim));
    let (greedy_proxy, other_proxy) = (greedy.proxy().unwrap(), other.proxy().unwrap());
    assert_eq!(other_proxy.open(1), Ok(1), "it costs next to nothing");
    assert_eq!(greedy_proxy.open(FILES), Ok(FILES));
    if by_death {
        greedy.kill();
        host().reap();
    } else {
        greedy_proxy.close().unwrap();
        assert!(greedy.exit_reason().is_none(), "it costs it nothing");
    }
    let began = Instant::now();
    let got = other_proxy.open(1);
    let took = began.elapsed();
    let died = deaths(victim);
    greedy.kill();
    other.kill();
    drop((greedy_proxy, other_proxy, greedy, other));
    host().reap();
    host().collect_exports();
    assert!(died.is_empty(), "{got:?} after {took:?}: {died:?}");
}

#[test]
fn who_lets_objects_of_the_hosts_go_does_not_end_the_next_caller() {
    attack(false);
}

#[test]
fn who_dies_with_objects_of_the_hosts_does_not_end_the_next_caller() {
    attack(true);
}
