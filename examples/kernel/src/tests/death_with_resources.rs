//! A domain dies while it holds objects: its own objects, objects that were moved or lent to it, and handles.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use spin::Mutex;

use super::crashing_domain::{Way, inside::die};
use super::kernel_tests;
use super::threads::{FastTick, start};
use super::totals::leaves_nothing;
use crate::host::runtime;
use crate::thread::request;
use crate::thread::spawn::Handle;

/// An argument with parts of all kinds.
#[derive(Exchangeable)]
struct Parcel {
    nested: RRef<RRef<u64>>,
    bytes: RRef<[u8]>,
    handle: Option<Proxy<dyn Holder>>,
}

/// A domain that dies while it holds objects.
#[interface]
trait Holder {
    /// Stores the parcel `kept`, has the parcel `moved` on its stack, reads the object `lent`, and dies.
    fn die_holding(
        &self,
        way: Way,
        kept: Parcel,
        moved: Parcel,
        lent: &RRef<[u64; 4]>,
    ) -> Result<Parcel, RpcError>;
    /// Dies in one of every [`DEADLY`] calls.
    #[idempotent]
    fn work(&self, lent: &RRef<[u64; 4]>) -> Result<u64, RpcError>;
}

#[derive(Default)]
struct State(Mutex<Option<Parcel>>);

fn init((): ()) -> Result<State, RpcError> {
    Ok(State::default())
}

static TURN: AtomicU32 = AtomicU32::new(0);

/// One in this many calls ends in a death.
const DEADLY: u32 = 16;

impl Holder for State {
    fn die_holding(
        &self,
        way: Way,
        kept: Parcel,
        moved: Parcel,
        lent: &RRef<[u64; 4]>,
    ) -> Result<Parcel, RpcError> {
        let own = RRef::new(RRef::new(
            lent[0] + **kept.nested + u64::from(moved.bytes[0]),
        ));
        *self.0.lock() = Some(kept);
        die(way);
        drop(own);
        Ok(moved)
    }

    fn work(&self, lent: &RRef<[u64; 4]>) -> Result<u64, RpcError> {
        let turn = TURN.fetch_add(1, SeqCst);
        if turn.is_multiple_of(DEADLY) {
            die(Way::ALL[(turn / DEADLY) as usize % Way::ALL.len()]);
        }
        Ok(lent.iter().sum())
    }
}

fn spawn(name: &str) -> Domain<dyn Holder> {
    let policy = Restart::limited(u32::MAX, Duration::from_secs(3600));
    // The drain timeout is so long that no call gives up while it waits for another thread's recovery, even on a slow
    // machine.
    let spec = DomainSpec::new(name).heap_quota(1 << 20).restart(policy);
    let spec = spec.drain_timeout(Duration::from_secs(3600));
    let domain = runtime().spawn(spec, init, Mint::nothing());
    domain.expect("a domain")
}

fn parcel(of: &Domain<dyn Holder>) -> Parcel {
    Parcel {
        nested: RRef::new(RRef::new(7)),
        bytes: RRef::from_slice(&[1; 5000]),
        handle: of.proxy().ok(),
    }
}

/// The domain that [`work`] calls.
static VICTIM: Mutex<Option<Domain<dyn Holder>>> = Mutex::new(None);
static ANSWERED: AtomicU32 = AtomicU32::new(0);
const CALLS: u32 = 150;

fn work(_: usize) {
    let shadow = VICTIM.lock().as_ref().map(Domain::shadow);
    let shadow = shadow.expect("a victim").expect("a shadow");
    let lent = RRef::new([1, 2, 3, 4]);
    for _ in 0..CALLS {
        match shadow.work(&lent) {
            Ok(sum) => {
                assert_eq!(sum, 10);
                ANSWERED.fetch_add(1, SeqCst);
            }
            // The domain has died four times during this call, so the shadow gives up.
            Err(RpcError::Crashed) => {}
            Err(error) => panic!("{error:?}"),
        }
        request::yield_now();
    }
}

kernel_tests! {
    /// Failure: F-22, F-23, F-24
    fn death_frees_owned_objects_but_not_lent_ones() {
        leaves_nothing(|| {
            let (domain, other) = (spawn("holder"), spawn("other"));
            for way in Way::ALL {
                let lent = RRef::new([3_u64; 4]);
                let proxy = domain.proxy().expect("alive");
                let died = proxy.die_holding(way, parcel(&other), parcel(&other), &lent);
                assert_eq!(died.err(), Some(RpcError::Crashed), "{way:?}");
                assert_eq!(*lent, [3; 4], "{way:?}");
                // The call is refused, so its arguments still belong to the caller, which drops them.
                let refused = proxy.die_holding(way, parcel(&other), parcel(&other), &lent);
                assert_eq!(refused.err(), Some(RpcError::Dead), "{way:?}");
                domain.restart().expect("it drained");
            }
            assert!(other.exit_reason().is_none());
            assert!(domain.kill() && other.kill());
        });
    }

    /// Failure: F-30
    fn shadowed_domain_recovers_under_load() {
        leaves_nothing(|| {
            let domain = spawn("loaded");
            TURN.store(1, SeqCst);
            ANSWERED.store(0, SeqCst);
            *VICTIM.lock() = Some(domain.clone());
            {
                let _fast = FastTick::begin();
                let threads: [Handle; 3] = core::array::from_fn(|_| start(work, 0));
                threads.into_iter().for_each(Handle::join);
            }
            *VICTIM.lock() = None;
            let answered = ANSWERED.load(SeqCst);
            assert!(answered >= 3 * CALLS - 9, "{answered} of {}", 3 * CALLS);
            assert!(domain.restarts() >= 2 * CALLS / DEADLY, "{}", domain.restarts());
            domain.kill();
        });
    }

    /// Failure: F-24, F-27
    fn dead_proxy_stays_dead_when_its_slot_is_reused() {
        leaves_nothing(|| {
            let lent = RRef::new([1, 2, 3, 4]);
            let first = spawn("first");
            let old = first.proxy().expect("alive");
            first.kill();
            drop(first);
            for _ in 0..20 {
                TURN.store(1, SeqCst);
                let next = spawn("next");
                assert_eq!(next.proxy().expect("alive").work(&lent), Ok(10));
                assert_eq!(old.work(&lent), Err(RpcError::Dead));
                next.kill();
            }
        });
    }
}
