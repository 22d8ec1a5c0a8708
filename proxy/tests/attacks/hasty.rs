//! Attack: a client with a small budget restarts a service whose old generation has a call inside. The client's
//! budget is too small to wait for that call to end. But a start at once would fail, because the old generation still
//! holds a resource that the new one needs.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host, wait_until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

static INSIDE: AtomicBool = AtomicBool::new(false);
static OVER: AtomicBool = AtomicBool::new(false);

#[interface]
trait Port {}
#[interface]
trait Stack {
    fn listen(&self) -> Result<Proxy<dyn Port>, RpcError>;
}
/// One port, which only one holder may have at a time.
struct Net(Arc<AtomicBool>);
struct Listener(Arc<AtomicBool>);
impl Drop for Listener {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}
impl Port for Listener {}
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
    /// Asks `times` times.
    fn statuses(&self, times: u32) -> Result<u32, RpcError>;
}
struct Asking(Shadow<dyn Server>);
impl Client for Asking {
    fn status(&self) -> Result<u32, RpcError> {
        self.0.status()
    }
    fn statuses(&self, times: u32) -> Result<u32, RpcError> {
        for _ in 0..times {
            let _ = self.0.status();
        }
        Ok(times)
    }
}
fn asking(of: Shadow<dyn Server>) -> Result<Asking, RpcError> {
    Ok(Asking(of))
}

/// A server that holds the port and whose generation has ended with a call inside it.
struct Scene {
    net: Domain<dyn Stack>,
    server: Domain<dyn Server>,
    calls: JoinHandle<()>,
}

impl Scene {
    fn new(drain: Duration) -> Self {
        INSIDE.store(false, SeqCst);
        OVER.store(false, SeqCst);
        // From here on the host enforces budgets.
        drop(contained(true));
        let net: Domain<dyn Stack> = host()
            .spawn(DomainSpec::new("net"), net, Mint::nothing())
            .unwrap();
        let of = net.clone();
        let restart = Restart::limited(20, Duration::from_secs(3600));
        let spec = DomainSpec::new("server")
            .restart(restart)
            .drain_timeout(drain);
        let server: Domain<dyn Server> = host()
            .spawn(spec, serving, Mint::fallible(move || of.proxy()))
            .unwrap();
        let direct = server.proxy().unwrap();
        let calls = thread::spawn(move || {
            let _ = direct.long();
        });
        wait_until("the call", || INSIDE.load(SeqCst));
        assert!(server.kill());
        Self { net, server, calls }
    }

    fn client(&self, budget: Option<Duration>) -> Domain<dyn Client> {
        let of = self.server.clone();
        let mint = Mint::fallible(move || of.shadow());
        let spec = DomainSpec::new("client");
        let spec = budget.map_or(spec, |budget| spec.budget(budget));
        host().spawn(spec, asking, mint).unwrap()
    }

    /// Returns the result of one request, and how its client ended.
    fn ask(&self, budget: Option<Duration>) -> (Result<u32, RpcError>, Option<ExitKind>) {
        self.ask_by(budget, |client| client.status())
    }

    fn ask_by(
        &self,
        budget: Option<Duration>,
        ask: fn(&Proxy<dyn Client>) -> Result<u32, RpcError>,
    ) -> (Result<u32, RpcError>, Option<ExitKind>) {
        let client = self.client(budget);
        let proxy = client.proxy().unwrap();
        let asks = thread::spawn(move || {
            let _contained = contained(true);
            ask(&proxy)
        });
        let got = asks.join().unwrap();
        let end = client.exit_reason().map(|reason| reason.kind);
        client.kill();
        host().reap();
        (got, end)
    }

    /// Lets the call return, so that the old generation drains.
    fn drain(self) -> (Domain<dyn Stack>, Domain<dyn Server>) {
        OVER.store(true, SeqCst);
        self.calls.join().unwrap();
        host().reap();
        (self.net, self.server)
    }
}

const HASTY: Option<Duration> = Some(Duration::from_millis(20));

/// Invariant: HEAP-26, ORDER-27
#[test]
fn a_small_budget_spends_none_of_its_servers_restarts() {
    let _alone = alone();
    let scene = Scene::new(Duration::from_secs(10));
    let (got, end) = scene.ask(HASTY);
    assert!(got.is_err(), "while the old generation has the port");
    assert_eq!(end, None, "refused before its budget is used up");
    assert_eq!(
        scene.server.restarts(),
        0,
        "started before the drain timeout"
    );
    let victim = scene.client(None);
    let (net, server) = scene.drain();
    assert_eq!(victim.proxy().unwrap().status(), Ok(7));
    assert_eq!(server.restarts(), 1);
    for killed in [victim.kill(), server.kill(), net.kill()] {
        assert!(killed);
    }
    host().reap();
}

/// All waits of one call together take half of the budget that was left at the first wait, or a 16th of the whole
/// budget if that is more.
///
/// Invariant: ORDER-27
#[test]
fn endless_asking_uses_up_the_askers_budget() {
    let _alone = alone();
    let scene = Scene::new(Duration::from_secs(10));
    let (got, end) = scene.ask_by(HASTY, |client| client.statuses(100));
    assert_eq!(
        (got, end),
        (Err(RpcError::Crashed), Some(ExitKind::Overrun))
    );
    let (net, server) = scene.drain();
    server.kill();
    net.kill();
    host().reap();
}

/// The service's drain timeout passes once; it does not begin anew for each client that calls.
///
/// Invariant: HEAP-26
#[test]
fn drain_timeout_passes_once_for_all_askers() {
    let _alone = alone();
    let drain = Duration::from_millis(200);
    let scene = Scene::new(drain);
    let (got, end) = scene.ask(HASTY);
    assert_eq!((got, end), (Err(RpcError::RecoveryFailed), None));
    thread::sleep(drain);
    // After the timeout, a start of the service no longer waits for the drain. The start fails because the port is
    // still taken, but no client is ended.
    let (got, end) = scene.ask(HASTY);
    assert_eq!((got, end), (Err(RpcError::RecoveryFailed), None));
    assert_eq!(scene.server.restarts(), 1);
    let (net, server) = scene.drain();
    assert_eq!(server.shadow().unwrap().status(), Ok(7));
    assert!(server.kill() && net.kill());
    host().reap();
}
