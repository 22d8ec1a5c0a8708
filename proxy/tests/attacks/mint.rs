//! Attacks by values that a recipe has captured. The drop of the last handle on the recipe's domain drops these
//! values, in whichever domain the handle is.
#![forbid(unsafe_code)]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Runtime};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_shared_heap::heap::census_all;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[interface]
trait Nothing {}

struct Idle;
impl Nothing for Idle {}

#[interface]
trait Keeper {
    fn keep(&self, shadow: Shadow<dyn Nothing>) -> Result<(), RpcError>;
    fn let_go(&self) -> Result<(), RpcError>;
}

struct Kept(Mutex<Option<Shadow<dyn Nothing>>>);

impl Kept {
    fn place(&self) -> MutexGuard<'_, Option<Shadow<dyn Nothing>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper for Kept {
    fn keep(&self, shadow: Shadow<dyn Nothing>) -> Result<(), RpcError> {
        *self.place() = Some(shadow);
        Ok(())
    }
    fn let_go(&self) -> Result<(), RpcError> {
        let kept = self.place().take();
        drop(kept);
        Ok(())
    }
}

static SERIAL: Mutex<()> = Mutex::new(());
static BANGS: AtomicUsize = AtomicUsize::new(0);

struct Bomb;
impl Drop for Bomb {
    fn drop(&mut self) {
        BANGS.fetch_add(1, Ordering::Relaxed);
        panic!("a recipe's destructor");
    }
}

/// Returns a keeper that has the last handle on a dead domain whose recipe has captured a bomb.
fn keeper(host: Runtime) -> Domain<dyn Keeper> {
    let bomb = Bomb;
    let mint = Mint::of(move || {
        let _ = &bomb;
    });
    let init = |()| Ok::<_, RpcError>(Idle);
    let idle: Domain<dyn Nothing> = host.spawn(DomainSpec::new("idle"), init, mint).unwrap();
    let init = |()| Ok::<_, RpcError>(Kept(Mutex::new(None)));
    let keeper: Domain<dyn Keeper> = host
        .spawn(DomainSpec::new("keeper"), init, Mint::nothing())
        .unwrap();
    let proxy = keeper.proxy().unwrap();
    proxy.keep(idle.shadow().unwrap()).unwrap();
    idle.kill();
    keeper
}

/// If the panic reached the domain that drops the handle, the domain would die of it, and its reclaim would drop the
/// handle's value a second time.
///
/// Invariant: LIFE-10
#[test]
fn recipes_panic_spares_holder_of_the_last_handle() {
    let _serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
    let host = samara_host_std::runtime();
    let (before, bangs) = (census_all(), BANGS.load(Ordering::Relaxed));
    let keeper = keeper(host);
    let proxy = keeper.proxy().unwrap();
    assert_eq!(proxy.let_go(), Ok(()));
    assert_eq!(BANGS.load(Ordering::Relaxed), bangs + 1);
    keeper.kill();
    drop(proxy);
    host.reap();
    assert_eq!(census_all(), before);
}

/// A panic would end the reclaim in the middle, and the slot would never be free again.
///
/// Invariant: LIFE-10
#[test]
fn a_recipes_destructor_does_not_panic_in_a_reclaim() {
    let _serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
    let host = samara_host_std::runtime();
    let (before, bangs) = (census_all(), BANGS.load(Ordering::Relaxed));
    let keeper = keeper(host);
    let reaped = catch_unwind(AssertUnwindSafe(|| {
        keeper.kill();
        host.reap();
    }));
    assert!(reaped.is_ok(), "the panic came out of the reaper");
    assert_eq!(BANGS.load(Ordering::Relaxed), bangs + 1);
    assert_eq!(host.domains().count(), 0);
    assert_eq!(census_all(), before);
}
