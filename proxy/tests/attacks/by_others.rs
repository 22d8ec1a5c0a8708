//! Attack: a destructor spends its time in calls of another domain, which do not count against the budget of its own
//! domain. So no budget once ended the destructor, and each waiter waited as long as the destructor liked: a caller
//! of its exporter, the host that collects exports, and an orderly stop with a deadline.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(20);
/// The calls that a destructor makes, of a quarter of a budget each: 100 budgets together. It could be any
/// number.
const CALLS: u32 = 400;
/// The number of calls that the destructor still has to make.
static LEFT: AtomicU32 = AtomicU32::new(0);

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
        while LEFT.load(SeqCst) > 0 {
            LEFT.fetch_sub(1, SeqCst);
            let _ = self.0.work();
        }
    }
}

#[interface]
trait Server {
    fn open(&self) -> Result<Option<Proxy<dyn Object>>, RpcError>;
    fn none(&self) -> Result<Option<Proxy<dyn Object>>, RpcError>;
    /// Keeps an object whose destructor makes such calls, instead of exporting it.
    fn keep(&self) -> Result<(), RpcError>;
}
struct Serving(Arc<Proxy<dyn Other>>, Mutex<Option<Slow>>);
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
    fn keep(&self) -> Result<(), RpcError> {
        let mut held = self.1.lock().map_err(|_| RpcError::Crashed)?;
        *held = Some(Slow(Arc::clone(&self.0)));
        Ok(())
    }
}
fn serving(other: Proxy<dyn Other>) -> Result<Serving, RpcError> {
    Ok(Serving(Arc::new(other), Mutex::default()))
}

/// Has the server make an object whose destructor makes `calls` calls, and runs `wait`, which waits for this
/// destructor. If `is_own`, the server keeps the object, otherwise it exports the object. Returns how the server
/// ended and how many calls were left.
fn attack(
    is_own: bool,
    calls: u32,
    wait: impl FnOnce(&Domain<dyn Server>),
) -> (Option<ExitKind>, u32) {
    let _alone = alone();
    let _ticks = contained(true);
    let spec = DomainSpec::new("other").budget(BUDGET);
    let other: Domain<dyn Other> = host().spawn(spec, works, Mint::nothing()).unwrap();
    let spec = DomainSpec::new("server").budget(BUDGET);
    let mint = Mint::fallible(move || other.proxy());
    let server: Domain<dyn Server> = host().spawn(spec, serving, mint).unwrap();
    let proxy = server.proxy().unwrap();
    if is_own {
        proxy.keep().unwrap();
    } else {
        drop(proxy.open().unwrap());
    }
    LEFT.store(calls, SeqCst);
    let began = Instant::now();
    wait(&server);
    let (left, took) = (LEFT.load(SeqCst), began.elapsed());
    let ended = server.exit_reason().map(|end| end.kind);
    println!("{left} calls of {calls} left after {took:?}; the server {ended:?}");
    server.kill();
    host().reap();
    (ended, left)
}

/// Asserts that the wait ends and that the server is ended with it.
fn ends(is_own: bool, wait: impl FnOnce(&Domain<dyn Server>)) {
    let (ended, left) = attack(is_own, CALLS, wait);
    assert_eq!(ended, Some(ExitKind::Overrun));
    assert!(left > 0);
}

/// Invariant: EXPORT-6
#[test]
fn call_does_not_wait_for_destructor_calls() {
    ends(false, |server| {
        assert!(server.proxy().unwrap().none().is_err())
    });
}

/// Invariant: EXPORT-6
#[test]
fn collection_does_not_wait_for_destructor_calls() {
    ends(false, |_| {
        host().collect_exports();
    });
}

/// Invariant: EXPORT-6
#[test]
fn stop_does_not_wait_for_destructor_calls() {
    ends(false, |server| server.stop(BUDGET).unwrap());
}

/// Invariant: EXPORT-6
#[test]
fn stop_does_not_wait_for_its_own_objects_calls() {
    ends(true, |server| server.stop(BUDGET).unwrap());
}

/// Invariant: EXPORT-6
#[test]
fn destructor_calling_for_two_budgets_is_not_cut() {
    let ended = attack(false, 8, |server| {
        assert!(server.proxy().unwrap().none().is_ok())
    });
    assert_eq!(ended, (None, 0));
}
