//! Attack: a destructor of an exported object spends its time in calls of another domain, where it is not its own. So no budget ends it,
//! and who waits for it (a caller of its exporter, the host that collects, an orderly stop with a deadline) waits as long as it likes.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(20);
/// Calls that a destructor makes, each of a quarter of a budget: 25 budgets, and could be any number.
const CALLS: u32 = 100;

#[interface]
trait Other {
    fn work(&self) -> Result<u64, RpcError>;
}
struct Works;
impl Other for Works {
    fn work(&self) -> Result<u64, RpcError> {
        let (began, mut sum) = (Instant::now(), 0_u64);
        while began.elapsed() < BUDGET / 4 {
            sum = sum.wrapping_add(1);
        }
        Ok(sum)
    }
}
fn works((): ()) -> Result<Works, RpcError> {
    Ok(Works)
}

#[interface]
trait Object {}
struct Slow(Arc<Proxy<dyn Other>>);
impl Object for Slow {}
impl Drop for Slow {
    fn drop(&mut self) {
        for _ in 0..CALLS {
            let _ = self.0.work();
        }
    }
}

#[interface]
trait Server {
    fn open(&self) -> Result<Option<Proxy<dyn Object>>, RpcError>;
    fn none(&self) -> Result<Option<Proxy<dyn Object>>, RpcError>;
}
struct Serving(Arc<Proxy<dyn Other>>);
impl Server for Serving {
    fn open(&self) -> Result<Option<Proxy<dyn Object>>, RpcError> {
        let object = Slow(Arc::clone(&self.0));
        Proxy::export(object)
            .map(Some)
            .map_err(|(error, _)| error.into())
    }
    fn none(&self) -> Result<Option<Proxy<dyn Object>>, RpcError> {
        Ok(None)
    }
}
fn serving(other: Proxy<dyn Other>) -> Result<Serving, RpcError> {
    Ok(Serving(Arc::new(other)))
}

/// How many budgets `wait` takes once an object was let go.
fn budgets(wait: impl FnOnce(&Domain<dyn Server>)) -> u128 {
    let _alone = alone();
    let _ticks = contained(true);
    let spec = DomainSpec::new("other").budget(BUDGET);
    let other: Domain<dyn Other> = host().spawn(spec, works, Mint::nothing()).unwrap();
    let spec = DomainSpec::new("server").budget(BUDGET);
    let server: Domain<dyn Server> = host()
        .spawn(spec, serving, Mint::fallible(move || other.proxy()))
        .unwrap();
    drop(server.proxy().unwrap().open().unwrap());
    let began = Instant::now();
    wait(&server);
    let budgets = began.elapsed().as_micros() / BUDGET.as_micros();
    println!(
        "{budgets} budgets; the server {:?}",
        server.exit_reason().map(|end| end.kind)
    );
    server.kill();
    host().reap();
    budgets
}

#[test]
fn a_call_waits_no_longer_than_a_budget() {
    let budgets = budgets(|server| assert!(server.proxy().unwrap().none().is_ok()));
    assert!(budgets < 10, "{budgets}");
}

#[test]
fn a_collection_lasts_no_longer_than_a_budget() {
    let budgets = budgets(|_| println!("dropped {}", host().collect_exports()));
    assert!(budgets < 10, "{budgets}");
}

#[test]
fn a_stop_ends_at_its_deadline() {
    let budgets = budgets(|server| println!("{:?}", server.stop(BUDGET)));
    assert!(budgets < 10, "{budgets}");
}
