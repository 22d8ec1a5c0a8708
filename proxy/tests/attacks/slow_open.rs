//! Attack: a server takes long, on its own budget, to open an object again, and then refuses. If the host took this
//! time for its own vain work, it would charge the time to the object's caller, which would be ended.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, deaths, host};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Files {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn File>, RpcError>;
    /// Takes as long as an opening that is refused, on the server's budget.
    fn slow(&self) -> Result<u32, RpcError>;
}
#[interface]
trait File {
    #[idempotent]
    fn len(&self) -> Result<u32, RpcError>;
}
static MEAN: AtomicBool = AtomicBool::new(false);
const SLOW: Duration = Duration::from_millis(100);
fn spin() {
    let began = Instant::now();
    while began.elapsed() < SLOW {}
}
struct Serving;
struct Open;
impl File for Open {
    fn len(&self) -> Result<u32, RpcError> {
        if MEAN.load(SeqCst) {
            panic!("dies so that the object has to be opened again");
        }
        Ok(7)
    }
}
impl Files for Serving {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        if MEAN.load(SeqCst) {
            spin();
            return Err(RpcError::OutOfMemory);
        }
        Proxy::export(Open).map_err(|(error, _)| error.into())
    }
    fn slow(&self) -> Result<u32, RpcError> {
        spin();
        Ok(0)
    }
}
#[interface]
trait Client {
    fn open(&self) -> Result<u32, RpcError>;
    fn slow(&self) -> Result<u32, RpcError>;
    fn len(&self) -> Result<u32, RpcError>;
}
struct Calling(Shadow<dyn Files>, Mutex<Option<Proxy<dyn File>>>);
impl Client for Calling {
    fn open(&self) -> Result<u32, RpcError> {
        *self.1.lock().unwrap() = Some(self.0.open()?);
        Ok(0)
    }
    fn slow(&self) -> Result<u32, RpcError> {
        self.0.slow()
    }
    fn len(&self) -> Result<u32, RpcError> {
        let file = self.1.lock().unwrap().take().unwrap();
        let began = Instant::now();
        let got = file.len();
        samara_testkit::hosted::as_host(|| println!("{got:?} after {:?}", began.elapsed()));
        Ok(1)
    }
}

/// Invariant: ORDER-23
#[test]
fn a_slow_refusal_does_not_end_the_caller() {
    let _alone = alone();
    let _contained = contained(true);
    let init = |()| Ok::<_, RpcError>(Serving);
    let spec = DomainSpec::new("files")
        .budget(Duration::from_secs(1))
        .restart(Restart::limited(100, Duration::from_secs(1)));
    let server: Domain<dyn Files> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let of = server.clone();
    let mint = Mint::fallible(move || of.shadow());
    let init = |files| Ok::<_, RpcError>(Calling(files, Mutex::default()));
    let spec = DomainSpec::new("innocent").budget(Duration::from_millis(20));
    let client: Domain<dyn Client> = host().spawn(spec, init, mint).unwrap();
    let proxy = client.proxy().unwrap();
    assert_eq!(proxy.open(), Ok(0));
    assert_eq!(
        proxy.slow(),
        Ok(0),
        "a slow answer is charged to the server"
    );
    MEAN.store(true, SeqCst);
    let got = proxy.len();
    MEAN.store(false, SeqCst);
    println!("{got:?}, server {:?}", server.exit_reason());
    let died = deaths("innocent");
    client.kill();
    server.kill();
    host().reap();
    assert!(died.is_empty(), "{got:?}: {died:?}");
}
