//! Attack: a client opens an object with a large argument while it has enough stack. After a death of the server, the
//! client uses the object while it has little stack. The call that opens the object again once overran the stack
//! inside the server. So the server died, without a fault of its own, again and again until its restarts were spent.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host, pad_until};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const STACK: usize = 1 << 20;
const LARGE: usize = 60 << 10;

#[interface]
trait File {
    #[replay]
    fn write(&self, data: [u8; LARGE]) -> Result<u32, RpcError>;
    #[idempotent]
    fn len(&self) -> Result<u32, RpcError>;
}
struct Open;
impl File for Open {
    fn write(&self, data: [u8; LARGE]) -> Result<u32, RpcError> {
        Ok(data[7].into())
    }
    fn len(&self) -> Result<u32, RpcError> {
        Ok(1)
    }
}

#[interface]
trait Server {
    #[replay]
    fn open(&self, name: [u8; LARGE]) -> Result<Proxy<dyn File>, RpcError>;
    #[replay]
    fn open_short(&self, name: u32) -> Result<Proxy<dyn File>, RpcError>;
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
struct Serving;
impl Server for Serving {
    fn open(&self, _: [u8; LARGE]) -> Result<Proxy<dyn File>, RpcError> {
        Proxy::export(Open).map_err(|(error, _)| error.into())
    }
    fn open_short(&self, _: u32) -> Result<Proxy<dyn File>, RpcError> {
        Proxy::export(Open).map_err(|(error, _)| error.into())
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving)
}

#[interface]
trait Client {
    fn open(&self) -> Result<u32, RpcError>;
    fn open_and_write(&self) -> Result<u32, RpcError>;
    fn len_below(&self, bytes: usize) -> Result<u32, RpcError>;
    fn status(&self) -> Result<u32, RpcError>;
}
struct Asking(Shadow<dyn Server>, Mutex<Option<Proxy<dyn File>>>);
impl Client for Asking {
    fn open(&self) -> Result<u32, RpcError> {
        let file = self.0.open([1; LARGE])?;
        *self.1.lock().map_err(|_| RpcError::Crashed)? = Some(file);
        Ok(1)
    }
    fn open_and_write(&self) -> Result<u32, RpcError> {
        let file = self.0.open_short(1)?;
        let wrote = file.write([1; LARGE])?;
        *self.1.lock().map_err(|_| RpcError::Crashed)? = Some(file);
        Ok(wrote)
    }
    fn len_below(&self, bytes: usize) -> Result<u32, RpcError> {
        let file = self.1.lock().map_err(|_| RpcError::Crashed)?;
        let file = file.as_ref().ok_or(RpcError::Crashed)?;
        pad_until(bytes, &|| file.len())
    }
    fn status(&self) -> Result<u32, RpcError> {
        self.0.status()
    }
}
fn asking(server: Shadow<dyn Server>) -> Result<Asking, RpcError> {
    Ok(Asking(server, Mutex::new(None)))
}

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

fn attack(open: impl Fn(&Proxy<dyn Client>) -> Result<u32, RpcError> + Sync) {
    let _alone = alone();
    drop(contained(false));
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = |name| DomainSpec::new(name).host_quota(1 << 20).restart(restart);
    let server: Domain<dyn Server> = host()
        .spawn(spec("server"), serving, Mint::nothing())
        .unwrap();
    let client = |name: &'static str| -> Domain<dyn Client> {
        let of = server.clone();
        let mint = Mint::fallible(move || of.shadow());
        host().spawn(spec(name), asking, mint).unwrap()
    };
    let (short, neighbour) = (client("short"), client("neighbour"));
    let (attacker, victim) = (short.proxy().unwrap(), neighbour.proxy().unwrap());
    // The server dies once, of any cause. From here on nothing kills the server, and it has no fault of its own.
    assert_eq!(on(8 << 20, || open(&attacker)), Ok(1));
    assert!(server.kill());
    assert_eq!(on(8 << 20, || victim.status()), Ok(7));
    let began = server.service().restarts();
    for turn in 0..8 {
        let got = on(STACK, || attacker.len_below(790 << 10));
        let kind = server.exit_reason().map(|at| (at.kind, at.message));
        let restarts = server.service().restarts() - began;
        println!("{turn}: got {got:?}, server: {kind:?}, {restarts} restarts");
    }
    let deaths = server
        .exits()
        .filter(|exit| exit.reason.kind == ExitKind::Fault)
        .count();
    let after = on(8 << 20, || victim.status());
    println!(
        "the neighbour: {after:?} after {deaths}; attacker {:?}",
        short.exit_reason().map(|at| at.kind)
    );
    for domain in [short, neighbour] {
        domain.kill();
    }
    server.kill();
    host().reap();
    assert_eq!(
        (after, deaths),
        (Ok(7), 0),
        "the server died of a client's stack"
    );
}

/// Invariant: HEAP-24
#[test]
fn large_argument_overruns_no_stack_in_a_reopening() {
    attack(|client| client.open());
}

/// Invariant: HEAP-24
#[test]
fn large_record_overruns_no_stack_in_a_reopening() {
    attack(|client| client.open_and_write());
}
