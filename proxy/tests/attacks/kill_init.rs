//! Attack: a domain hangs in the `init` of a restart. Meanwhile the host's handle once still named the previous
//! generation. So no kill, stop or restart reached the generation that hangs or ended the restart in flight.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// `FIRST` is true until the first start. Later starts hang until the test sets `OVER`.
static FIRST: AtomicBool = AtomicBool::new(true);
static OVER: AtomicBool = AtomicBool::new(false);

#[interface]
trait Nothing {
    #[idempotent]
    fn nothing(&self) -> Result<(), RpcError>;
    fn crash(&self) -> Result<(), RpcError>;
}
struct Server;
impl Nothing for Server {
    fn nothing(&self) -> Result<(), RpcError> {
        Ok(())
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("on request")
    }
}
fn server((): ()) -> Result<Server, RpcError> {
    if !FIRST.swap(false, SeqCst) {
        while !OVER.load(SeqCst) {
            black_box(0);
        }
    }
    Ok(Server)
}

#[interface]
trait Client {
    fn ask(&self) -> Result<(), RpcError>;
}
struct Asking(Shadow<dyn Nothing>);
impl Client for Asking {
    fn ask(&self) -> Result<(), RpcError> {
        let _ = self.0.crash();
        self.0.nothing()
    }
}
fn asking(of: Shadow<dyn Nothing>) -> Result<Asking, RpcError> {
    Ok(Asking(of))
}

/// Invariant: HEAP-31
#[test]
fn a_kill_reaches_a_domain_in_its_init() {
    let _alone = alone();
    let restart = Restart::limited(1, Duration::from_secs(3600));
    let spec = DomainSpec::new("hanging")
        .restart(restart)
        .drain_timeout(Duration::from_millis(100));
    let hanging: Domain<dyn Nothing> = host().spawn(spec, server, Mint::nothing()).unwrap();
    let of = hanging.clone();
    let client: Domain<dyn Client> = host()
        .spawn(
            DomainSpec::new("client"),
            asking,
            Mint::fallible(move || of.shadow()),
        )
        .unwrap();
    let proxy = client.proxy().unwrap();
    let asked = thread::spawn(move || {
        let _contained = contained(true);
        proxy.ask()
    });
    thread::sleep(Duration::from_millis(100));
    let began = Instant::now();
    let mut killed = 0;
    while began.elapsed() < Duration::from_secs(3) && !asked.is_finished() {
        killed += u32::from(hanging.kill());
        thread::sleep(Duration::from_millis(20));
    }
    let stopped = hanging.stop(Duration::from_millis(100));
    let client_killed = client.kill();
    thread::sleep(Duration::from_millis(200));
    host().reap();
    let ended = asked.is_finished();
    println!(
        "killed {killed} times, stopped: {stopped:?}, client killed: {client_killed}; ended: {ended}"
    );
    for info in host().domains() {
        println!(
            "  {} {:?}, generation {}",
            info.name.as_str(),
            info.state,
            info.generation
        );
    }
    OVER.store(true, SeqCst);
    println!("{:?}", asked.join().unwrap());
    hanging.kill();
    host().reap();
    assert!(ended, "no kill or stop reached the start that hangs");
}
