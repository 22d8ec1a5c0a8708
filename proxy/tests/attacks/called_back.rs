//! Attack: a server calls an object that its client has exported, again and again, until the client is ended, which
//! costs the server nothing. Each of these calls is short and has a budget of its own. But the client's own call of
//! the server lasts all the time, so these calls once counted against the budget of that outer call as well, whose
//! length the server chooses.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_testkit::contained::{arm, disarm, stepping};
use samara_testkit::hosted::{alone, host};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The budget in instructions: each instruction is a tick of one microsecond.
const BUDGET: u64 = 20_000;

#[interface]
trait Listener {
    /// Gives a short answer: it takes a hundredth of the budget.
    fn heard(&self) -> Result<u64, RpcError>;
}
struct Ear;
impl Listener for Ear {
    #[inline(never)]
    fn heard(&self) -> Result<u64, RpcError> {
        let mut sum = 0_u64;
        for at in 0..std::hint::black_box(20_u64) {
            sum = sum.wrapping_add(std::hint::black_box(at));
        }
        Ok(sum)
    }
}

#[interface]
trait Client {
    /// Asks the server for a number. The client does nothing else.
    fn ask(&self, server: Proxy<dyn Server>) -> Result<u64, RpcError>;
    /// Exports a listener.
    fn listener(&self) -> Result<Proxy<dyn Listener>, RpcError>;
}
struct Innocent;
impl Client for Innocent {
    fn ask(&self, server: Proxy<dyn Server>) -> Result<u64, RpcError> {
        server.number()
    }
    fn listener(&self) -> Result<Proxy<dyn Listener>, RpcError> {
        Proxy::export(Ear).map_err(|(error, _)| error.into())
    }
}
fn innocent((): ()) -> Result<Innocent, RpcError> {
    Ok(Innocent)
}

static CALLS: AtomicU64 = AtomicU64::new(0);

#[interface]
trait Server {
    fn listen(&self, listener: Proxy<dyn Listener>) -> Result<u64, RpcError>;
    fn number(&self) -> Result<u64, RpcError>;
}
struct Malicious(Mutex<Option<Proxy<dyn Listener>>>);
impl Server for Malicious {
    fn listen(&self, listener: Proxy<dyn Listener>) -> Result<u64, RpcError> {
        *self.0.lock().map_err(|_| RpcError::Crashed)? = Some(listener);
        Ok(0)
    }
    fn number(&self) -> Result<u64, RpcError> {
        let listener = self.0.lock().map_err(|_| RpcError::Crashed)?.take();
        if let Some(listener) = listener {
            arm();
            while listener.heard().is_ok() {
                CALLS.fetch_add(1, SeqCst);
            }
            disarm();
        }
        Ok(7)
    }
}
fn malicious((): ()) -> Result<Malicious, RpcError> {
    Ok(Malicious(Mutex::default()))
}

/// Invariant: ORDER-18
#[test]
fn calling_back_does_not_end_the_caller() {
    let _alone = alone();
    let contained = stepping();
    let spec = |name| DomainSpec::new(name).budget(Duration::from_micros(BUDGET));
    let client: Domain<dyn Client> = host()
        .spawn(spec("innocent"), innocent, Mint::nothing())
        .unwrap();
    let server: Domain<dyn Server> = host()
        .spawn(spec("malicious"), malicious, Mint::nothing())
        .unwrap();
    let (proxy, of) = (client.proxy().unwrap(), server.proxy().unwrap());
    of.listen(proxy.listener().unwrap()).unwrap();
    let (came, _) = contained.step_counted(20 * BUDGET, || proxy.ask(of));
    assert!(CALLS.load(SeqCst) > 0);
    assert_eq!(client.exit_reason(), None);
    assert_eq!(
        came,
        Err(RpcError::Crashed),
        "the server overruns its own budget"
    );
    client.kill();
    server.kill();
    host().reap();
}
