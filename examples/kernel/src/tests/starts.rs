//! Domains that crash while they start.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use samara::runtime::{DomainSpec, ExitKind, SpawnError};

use super::crashing_domain::{Way, inside::die};
use super::kernel_tests;
use super::totals::leaves_nothing;
use crate::host::runtime;

/// A domain that may crash in its `init`.
#[interface]
trait Fragile {
    #[idempotent]
    fn work(&self) -> Result<u32, RpcError>;
}

struct State(RRef<u32>);

/// Dies in the given way, if there is one. At that moment it holds its arguments and objects of its own.
fn init((way, given): (Option<Way>, RRef<u32>)) -> Result<State, RpcError> {
    let _made = (alloc::vec![1_u8; 100], RRef::new([2_u64; 10]));
    if let Some(way) = way {
        die(way);
    }
    Ok(State(given))
}

fn hang((): ()) -> Result<State, RpcError> {
    loop {
        core::hint::spin_loop();
    }
}

impl Fragile for State {
    fn work(&self) -> Result<u32, RpcError> {
        Ok(*self.0)
    }
}

fn spawn(way: Option<Way>) -> Result<Domain<dyn Fragile>, SpawnError> {
    let recipe = Mint::of(move || (way, RRef::new(42)));
    let spec = DomainSpec::new("fragile").heap_quota(1 << 20);
    runtime().spawn(spec, init, recipe)
}

/// The number of starts that are still to crash.
static CRASHES: AtomicU32 = AtomicU32::new(0);

fn crashes_for_a_while() -> (Option<Way>, RRef<u32>) {
    let one_less = |left: u32| left.checked_sub(1);
    let left = CRASHES.fetch_update(SeqCst, SeqCst, one_less);
    let way = left.is_ok().then_some(Way::Undefined);
    (way, RRef::new(42))
}

kernel_tests! {
    /// Failure: F-19
    fn every_way_to_die_in_init_is_a_start_that_failed() {
        leaves_nothing(|| {
            for way in Way::ALL {
                let Err(SpawnError::Init(reason)) = spawn(Some(way)) else {
                    panic!("{way:?}");
                };
                let (kind, words) = way.reason();
                assert_eq!(reason.kind, kind, "{way:?}: {reason}");
                assert!(reason.message.as_str().contains(words), "{way:?}: {reason}");
            }
            let domain = spawn(None).expect("no crash");
            assert_eq!(domain.proxy().expect("alive").work(), Ok(42));
            domain.kill();
        });
    }

    /// Failure: F-19
    fn an_init_that_never_ends_is_ended_by_its_budget() {
        leaves_nothing(|| {
            let spec = DomainSpec::new("slow").budget(Duration::from_millis(10));
            let spawned: Result<Domain<dyn Fragile>, _> =
                runtime().spawn(spec, hang, Mint::nothing());
            let Err(SpawnError::Init(reason)) = spawned else {
                panic!("{spawned:?}");
            };
            assert_eq!(reason.kind, ExitKind::Overrun);
        });
    }

    /// Failure: F-19
    fn shadow_retries_a_crashing_init_within_the_budget() {
        leaves_nothing(|| {
            let policy = Restart::limited(5, Duration::from_secs(3600));
            let spec = DomainSpec::new("fragile").restart(policy);
            CRASHES.store(0, SeqCst);
            let recipe = Mint::of(crashes_for_a_while);
            let domain: Domain<dyn Fragile> =
                runtime().spawn(spec, init, recipe).expect("no crash yet");
            let shadow = domain.shadow().expect("a shadow");
            CRASHES.store(2, SeqCst);
            assert!(domain.kill());
            assert_eq!(shadow.work(), Ok(42));
            assert_eq!(domain.restarts(), 3);
            CRASHES.store(u32::MAX, SeqCst);
            assert!(domain.kill());
            assert_eq!(shadow.work(), Err(RpcError::RecoveryFailed));
        });
    }
}
