//! Attack: a domain exports objects, each with a destructor that takes nearly the whole budget, and drops them
//! itself. A caller of this domain, and a host that collects exports, once waited for as many budgets as the domain
//! liked.
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

const BUDGET: Duration = Duration::from_millis(20);

#[interface]
trait Object {}
static DROPS: AtomicU32 = AtomicU32::new(0);
struct Slow;
impl Object for Slow {}
impl Drop for Slow {
    fn drop(&mut self) {
        DROPS.fetch_add(1, SeqCst);
        let began = Instant::now();
        while began.elapsed() < BUDGET * 7 / 10 {
            std::hint::spin_loop();
        }
    }
}

#[interface]
trait Server {
    fn let_go(&self, objects: u32) -> Result<u32, RpcError>;
    fn hand_out(&self) -> Result<Option<Proxy<dyn Object>>, RpcError>;
}
struct Serving;
impl Server for Serving {
    fn let_go(&self, objects: u32) -> Result<u32, RpcError> {
        for _ in 0..objects {
            let slow: Proxy<dyn Object> = Proxy::export(Slow).map_err(|(error, slow)| {
                std::mem::forget(slow);
                error
            })?;
            drop(slow);
        }
        Ok(objects)
    }
    fn hand_out(&self) -> Result<Option<Proxy<dyn Object>>, RpcError> {
        Ok(None)
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving)
}

fn attack(wait: impl Fn(&Domain<dyn Server>)) {
    let _alone = alone();
    let _contained = contained(true);
    let spec = DomainSpec::new("server").budget(BUDGET);
    let server: Domain<dyn Server> = host().spawn(spec, serving, Mint::nothing()).unwrap();
    let let_go = server.proxy().unwrap().let_go(400);
    DROPS.store(0, SeqCst);
    wait(&server);
    let drops = DROPS.load(SeqCst);
    let ended = server.exit_reason().map(|at| (at.kind, at.message));
    println!("{let_go:?}; {drops} dropped with a budget of {BUDGET:?}: {ended:?}");
    server.kill();
    host().reap();
    assert!(
        drops < 10,
        "{drops} destructors of 14 ms, with a budget of {BUDGET:?}"
    );
}

/// Invariant: EXPORT-5
#[test]
fn callers_wait_is_bounded_by_the_callees_budget() {
    attack(|server| {
        assert!(
            server
                .proxy()
                .unwrap()
                .hand_out()
                .is_ok_and(|got| got.is_none())
        )
    });
}

/// Invariant: EXPORT-5
#[test]
fn collection_time_is_bounded_by_the_budget() {
    attack(|_| println!("dropped {}", host().collect_exports()));
}
