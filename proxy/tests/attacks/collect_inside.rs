//! Attack: a client drops many objects while their exporter is in a call that leads back to it. The objects are
//! dropped in entries of their own. But the exporter's own call lasts all the time, so these entries once counted
//! against the budget of that outer call as well.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::Mutex;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(20);

#[interface]
trait Object {}
/// A short destructor: it takes a fortieth of the budget.
struct Short;
impl Object for Short {}
impl Drop for Short {
    fn drop(&mut self) {
        let began = Instant::now();
        while began.elapsed() < BUDGET / 40 {
            std::hint::spin_loop();
        }
    }
}

#[interface]
trait Server {
    fn hand_out(&self) -> Result<Proxy<dyn Object>, RpcError>;
    /// Calls `by`, which asks `me` for an object meanwhile.
    fn relay(&self, by: Proxy<dyn Middle>, me: Proxy<dyn Server>) -> Result<u32, RpcError>;
    /// Asks itself for an object.
    fn ask(&self, me: Proxy<dyn Server>) -> Result<u32, RpcError>;
}
struct Serving;
impl Server for Serving {
    fn hand_out(&self) -> Result<Proxy<dyn Object>, RpcError> {
        Proxy::export(Short).map_err(|(error, _)| error.into())
    }
    fn relay(&self, by: Proxy<dyn Middle>, me: Proxy<dyn Server>) -> Result<u32, RpcError> {
        by.ask(me)
    }
    fn ask(&self, me: Proxy<dyn Server>) -> Result<u32, RpcError> {
        me.hand_out().map(|_| 1)
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving)
}

#[interface]
trait Middle {
    fn ask(&self, server: Proxy<dyn Server>) -> Result<u32, RpcError>;
}
struct Asking(Mutex<Vec<Proxy<dyn Object>>>);
impl Middle for Asking {
    fn ask(&self, server: Proxy<dyn Server>) -> Result<u32, RpcError> {
        let object = server.hand_out()?;
        self.0.lock().map_err(|_| RpcError::Crashed)?.push(object);
        Ok(1)
    }
}
fn asking((): ()) -> Result<Asking, RpcError> {
    Ok(Asking(Mutex::default()))
}

#[interface]
trait Client {
    fn open_and_let_go(&self, server: Proxy<dyn Server>, objects: u32) -> Result<u32, RpcError>;
}
struct Opening;
impl Client for Opening {
    fn open_and_let_go(&self, server: Proxy<dyn Server>, objects: u32) -> Result<u32, RpcError> {
        let mut all = Vec::new();
        for _ in 0..objects {
            all.push(server.hand_out()?);
        }
        Ok(all.len() as u32)
    }
}
fn opening((): ()) -> Result<Opening, RpcError> {
    Ok(Opening)
}

fn attack(objects: u32, asks_itself: bool) -> (Result<u32, RpcError>, Option<String>) {
    let spec = DomainSpec::new("server").budget(BUDGET);
    let server: Domain<dyn Server> = host().spawn(spec, serving, Mint::nothing()).unwrap();
    let middle: Domain<dyn Middle> = host()
        .spawn(DomainSpec::new("middle"), asking, Mint::nothing())
        .unwrap();
    let client: Domain<dyn Client> = host()
        .spawn(DomainSpec::new("client"), opening, Mint::nothing())
        .unwrap();
    let (proxy, by) = (server.proxy().unwrap(), middle.proxy().unwrap());
    let opens = client.proxy().unwrap();
    assert_eq!(
        opens.open_and_let_go(server.proxy().unwrap(), objects),
        Ok(objects)
    );
    let me = server.proxy().unwrap();
    let got = if asks_itself {
        proxy.ask(me)
    } else {
        proxy.relay(by, me)
    };
    let ended = server
        .exit_reason()
        .map(|at| format!("{:?}: {}", at.kind, at.message));
    println!("{objects} objects: {got:?}, server {ended:?}");
    for dead in [client.kill(), middle.kill(), server.kill()] {
        let _ = dead;
    }
    host().reap();
    (got, ended)
}

/// Invariant: EXPORT-5
#[test]
fn dropped_objects_do_not_end_an_exporter_inside() {
    let _alone = alone();
    let _contained = contained(true);
    for _ in 0..3 {
        assert_eq!(
            attack(0, false),
            (Ok(1), None),
            "without dropped objects nothing may end"
        );
    }
    assert_eq!(
        attack(64, false),
        (Ok(1), None),
        "the server is not at fault"
    );
}

/// Invariant: EXPORT-5
#[test]
fn dropped_objects_spare_exporter_calling_itself() {
    let _alone = alone();
    let _contained = contained(true);
    assert_eq!(
        attack(64, true),
        (Ok(1), None),
        "the server is not at fault"
    );
}
