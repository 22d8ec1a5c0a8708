//! Attack: a domain's thread does nothing but wake itself. The host once charged its work for these wake-ups to no
//! domain.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(4);

#[interface]
trait Hog {
    fn wake(&self) -> Result<u32, RpcError>;
    fn spin(&self) -> Result<u32, RpcError>;
}
struct State;
fn wake() {
    let Some(me) = own_thread::current() else {
        return;
    };
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        for _ in 0..10_000 {
            me.unpark();
        }
    }
}
fn spin() {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        std::hint::spin_loop();
    }
}
impl Hog for State {
    fn wake(&self) -> Result<u32, RpcError> {
        own_thread::spawn(wake).map_err(|_| RpcError::OutOfMemory)?;
        Ok(1)
    }
    fn spin(&self) -> Result<u32, RpcError> {
        own_thread::spawn(spin).map_err(|_| RpcError::OutOfMemory)?;
        Ok(1)
    }
}
fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

fn lasts(
    which: fn(&samara_proxy::Proxy<dyn Hog>) -> Result<u32, RpcError>,
) -> (Duration, Option<ExitKind>) {
    let _alone = alone();
    let _contained = contained(true);
    let spec = DomainSpec::new("hog").budget(BUDGET);
    let hog: Domain<dyn Hog> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let began = Instant::now();
    which(&hog.proxy().unwrap()).unwrap();
    while hog.exit_reason().is_none()
        && began.elapsed() < 2 * PATIENCE
        && began.elapsed() < PATIENCE + BUDGET
    {
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = began.elapsed();
    let kind = hog.exit_reason().map(|at| at.kind);
    hog.kill();
    host().reap();
    (took, kind)
}

/// Invariant: ORDER-19
#[test]
fn endless_wakes_of_itself_use_up_the_budget() {
    let spins = lasts(|hog| hog.spin());
    let wakes = lasts(|hog| hog.wake());
    println!("spins {spins:?}, wakes {wakes:?}");
    assert_eq!(wakes.1, Some(ExitKind::Overrun));
    // Compared with the time in which this machine ends a thread that spins.
    assert!(wakes.0 < 10 * spins.0, "{wakes:?}, {spins:?}");
}
