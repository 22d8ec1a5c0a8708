//! Several panics in flight at a time: a destructor that a panic runs calls another domain, which panics, and so on.
//! The last call faults. Each panic, and the fault, is contained in its own domain.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, RpcError};
use samara_fault::cpu::{self, Trap};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{Totals, alone, host, wait_until};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// A domain that falls together with another one.
#[interface]
trait Falling {
    fn learn(&self, other: Proxy<dyn Falling>) -> Result<(), RpcError>;
    /// Panics if `more` is not zero. While that panic unwinds, a destructor calls `fall(more - 1)` of the other
    /// domain. The last call faults instead.
    fn fall(&self, more: u32) -> Result<(), RpcError>;
}

static FALLS: AtomicU32 = AtomicU32::new(0);

#[derive(Default)]
struct State(OnceLock<Proxy<dyn Falling>>);

struct TakesAlong<'a>(&'a State, u32);

impl Drop for TakesAlong<'_> {
    fn drop(&mut self) {
        let other = self.0.0.get().unwrap();
        assert_eq!(other.fall(self.1), Err(RpcError::Crashed));
    }
}

impl Falling for State {
    fn learn(&self, other: Proxy<dyn Falling>) -> Result<(), RpcError> {
        self.0.get_or_init(|| other);
        Ok(())
    }
    fn fall(&self, more: u32) -> Result<(), RpcError> {
        FALLS.fetch_add(1, SeqCst);
        let Some(more) = more.checked_sub(1) else {
            cpu::strike(Trap::ReadNull);
            return Ok(());
        };
        let _takes_along = TakesAlong(self, more);
        panic!("with a destructor that calls on");
    }
}

fn spawn(name: &str) -> Domain<dyn Falling> {
    let init = |()| Ok::<_, RpcError>(State::default());
    let spec = DomainSpec::new(name);
    host().spawn(spec, init, Mint::nothing()).unwrap()
}

fn fall(panics: u32) {
    let before = Totals::now();
    {
        let pair = [spawn("falls"), spawn("falls too")];
        for (one, other) in [(0, 1), (1, 0)] {
            let other = pair[other].proxy().unwrap();
            pair[one].proxy().unwrap().learn(other).unwrap();
        }
        FALLS.store(0, SeqCst);
        let first = pair[0].proxy().unwrap();
        assert_eq!(first.fall(panics), Err(RpcError::Crashed));
        assert_eq!(FALLS.load(SeqCst), panics + 1);
        for domain in &pair {
            let reason = domain.exit_reason().expect("it died");
            let is_last = panics == 1 && reason.kind == ExitKind::Fault;
            assert!(is_last || reason.kind == ExitKind::Panic, "{reason}");
        }
    }
    wait_until("the reclaim", || {
        host().reap();
        Totals::now() == before
    });
}

// The calls are made on threads of their own, because `std` cannot be told which of the panics in flight a cut has
// discarded.
/// Invariant: ORDER-50
/// Failure: F-4
#[test]
fn a_cut_lands_however_many_panics_are_in_flight() {
    let _alone = alone();
    for panics in [1, 2, 3, 8, 9, 20] {
        let on_its_own = move || {
            let _contained = contained(false);
            fall(panics);
        };
        let thread = std::thread::Builder::new().stack_size(8 << 20);
        thread.spawn(on_its_own).unwrap().join().unwrap();
    }
}
