//! Attack: a client with a small budget restarts a service. The wait for the old generation is no longer than what is left of
//! the client's budget; the new one then finds taken what the old one has, again and again, until all restarts are spent.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host, wait_until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

static INSIDE: AtomicBool = AtomicBool::new(false);
static OVER: AtomicBool = AtomicBool::new(false);

#[interface]
trait Port {
    #[expect(dead_code, reason = "it is had, not used")]
    fn send(&self) -> Result<(), RpcError>;
}
#[interface]
trait Stack {
    fn listen(&self) -> Result<Proxy<dyn Port>, RpcError>;
}
/// One port, which one may have at a time.
struct Net(Arc<AtomicBool>);
struct Listener(Arc<AtomicBool>);
impl Drop for Listener {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}
impl Port for Listener {
    fn send(&self) -> Result<(), RpcError> {
        Ok(())
    }
}
impl Stack for Net {
    fn listen(&self) -> Result<Proxy<dyn Port>, RpcError> {
        if self.0.swap(true, SeqCst) {
            // The port is taken.
            return Err(RpcError::RecoveryFailed);
        }
        Proxy::export(Listener(self.0.clone())).map_err(|(error, _)| error.into())
    }
}
fn net((): ()) -> Result<Net, RpcError> {
    Ok(Net(Arc::default()))
}

#[interface]
trait Server {
    fn long(&self) -> Result<(), RpcError>;
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
struct Serving(#[expect(dead_code, reason = "held")] Proxy<dyn Port>);
impl Server for Serving {
    fn long(&self) -> Result<(), RpcError> {
        INSIDE.store(true, SeqCst);
        while !OVER.load(SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn serving(net: Proxy<dyn Stack>) -> Result<Serving, RpcError> {
    Ok(Serving(net.listen()?))
}

#[interface]
trait Client {
    fn status(&self) -> Result<u32, RpcError>;
}
struct Asking(Shadow<dyn Server>);
impl Client for Asking {
    fn status(&self) -> Result<u32, RpcError> {
        self.0.status()
    }
}
fn asking(of: Shadow<dyn Server>) -> Result<Asking, RpcError> {
    Ok(Asking(of))
}

/// `hasty` is the budget of who asks first.
fn ask(hasty: Option<Duration>) -> Result<u32, RpcError> {
    INSIDE.store(false, SeqCst);
    OVER.store(false, SeqCst);
    // The host keeps budgets from here on.
    drop(contained(true));
    let net: Domain<dyn Stack> = host()
        .spawn(DomainSpec::new("net"), net, Mint::nothing())
        .unwrap();
    let of = net.clone();
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("server").restart(restart);
    let server: Domain<dyn Server> = host()
        .spawn(spec, serving, Mint::fallible(move || of.proxy()))
        .unwrap();
    let client = |spec: DomainSpec| -> Domain<dyn Client> {
        let of = server.clone();
        let mint = Mint::fallible(move || of.shadow());
        host().spawn(spec, asking, mint).unwrap()
    };
    let spec = DomainSpec::new("first");
    let first = client(hasty.map_or(spec, |budget| spec.budget(budget)));
    let victim = client(DomainSpec::new("victim"));
    // Somebody's call, which takes its time.
    let direct = server.proxy().unwrap();
    let calls = thread::spawn(move || direct.long());
    wait_until("the call", || INSIDE.load(SeqCst));
    assert!(server.kill());
    let proxy = first.proxy().unwrap();
    let asks = thread::spawn(move || {
        let _contained = contained(true);
        proxy.status()
    });
    thread::sleep(Duration::from_millis(300));
    OVER.store(true, SeqCst);
    let _ = calls.join();
    let got = asks.join().unwrap();
    host().reap();
    let after = victim.proxy().unwrap().status();
    println!(
        "the first one's: {got:?}, {} starts; the victim's: {after:?}",
        server.restarts()
    );
    for domain in [first, victim] {
        domain.kill();
    }
    server.kill();
    net.kill();
    host().reap();
    after
}

#[test]
fn a_patient_client_restarts_once() {
    let _alone = alone();
    assert_eq!(ask(None), Ok(7));
}

#[test]
fn a_clients_budget_does_not_spend_its_servers_restarts() {
    let _alone = alone();
    let got = ask(Some(Duration::from_millis(20)));
    assert_eq!(got, Ok(7), "the service is over for everybody");
}
