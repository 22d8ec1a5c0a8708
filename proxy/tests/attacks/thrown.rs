//! Attack: a domain calls itself from the destructor of its panic's payload, and panics again there. The runtime is
//! already leaving the domain's outer activations. So the time once did not count against their budgets, and the
//! domain had one budget for each level.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(40);
static LEVELS: AtomicU32 = AtomicU32::new(0);

#[interface]
trait Server {
    /// Panics with a payload whose destructor calls `throw` again, for `levels` more levels.
    fn throw(&self, me: Proxy<dyn Server>, levels: u32) -> Result<(), RpcError>;
}
struct Thrown(Option<Proxy<dyn Server>>, u32);
impl Drop for Thrown {
    fn drop(&mut self) {
        work();
        if let (Some(me), Some(left)) = (self.0.take(), self.1.checked_sub(1))
            && let Ok(next) = me.try_clone()
        {
            let _ = me.throw(next, left);
        }
    }
}
fn work() {
    LEVELS.fetch_add(1, SeqCst);
    let began = Instant::now();
    while began.elapsed() < BUDGET / 2 {
        std::hint::spin_loop();
    }
}
struct State;
impl Server for State {
    fn throw(&self, me: Proxy<dyn Server>, levels: u32) -> Result<(), RpcError> {
        std::panic::panic_any(Thrown(Some(me), levels));
    }
}
fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

/// Invariant: ORDER-18
#[test]
fn panics_in_payload_destructors_share_one_budget() {
    let _alone = alone();
    let attack = || {
        let _contained = contained(true);
        let spec = DomainSpec::new("thrower").budget(BUDGET);
        let domain: Domain<dyn Server> = host().spawn(spec, init, Mint::nothing()).unwrap();
        let me = domain.proxy().unwrap();
        assert_eq!(
            domain.proxy().unwrap().throw(me, 100),
            Err(RpcError::Crashed)
        );
        host().reap();
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20);
    thread.spawn(attack).unwrap().join().unwrap();
    let levels = LEVELS.load(SeqCst);
    assert!(levels < 8, "{levels} levels of half a budget each");
}
