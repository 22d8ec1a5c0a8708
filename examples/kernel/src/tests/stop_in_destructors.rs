//! A stopped domain dies in a destructor, or its destructor never ends. A killed domain calls a dead domain for ever.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use samara::runtime::ExitKind;
use spin::Mutex;

use super::crashing_domain::{Way, inside::die};
use super::kernel_tests;
use super::threads::start;
use super::totals::leaves_nothing;
use crate::host::runtime;
use crate::thread::request;

/// The last action of a domain, in the destructor of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
enum Last {
    Nothing,
    Die(Way),
    Hang,
}

/// A domain that is stopped or killed.
#[interface]
trait Ending {
    fn work(&self) -> Result<u32, RpcError>;
    /// Calls `other` again and again for as long as `other` is dead.
    fn insist(&self, other: Proxy<dyn Ending>) -> Result<(), RpcError>;
}

/// Count the destructors of [`State`] that have begun, and those that have run to their end.
static BEGUN: AtomicU32 = AtomicU32::new(0);
static ENDED: AtomicU32 = AtomicU32::new(0);
/// Counts the calls to a dead domain.
static ASKED: AtomicU32 = AtomicU32::new(0);

struct State {
    last: Last,
    _held: (RRef<RRef<u64>>, alloc::vec::Vec<u8>),
}

fn init(last: Last) -> Result<State, RpcError> {
    let _held = (RRef::new(RRef::new(1)), alloc::vec![1; 5000]);
    Ok(State { last, _held })
}

impl Drop for State {
    fn drop(&mut self) {
        BEGUN.fetch_add(1, SeqCst);
        match self.last {
            Last::Nothing => {}
            Last::Die(way) => die(way),
            Last::Hang => loop {
                core::hint::spin_loop();
            },
        }
        ENDED.fetch_add(1, SeqCst);
    }
}

impl Ending for State {
    fn work(&self) -> Result<u32, RpcError> {
        Ok(42)
    }

    fn insist(&self, other: Proxy<dyn Ending>) -> Result<(), RpcError> {
        while other.work() == Err(RpcError::Dead) {
            ASKED.fetch_add(1, SeqCst);
        }
        Ok(())
    }
}

fn spawn(last: Last) -> Domain<dyn Ending> {
    let budget = Duration::from_millis(10);
    let spec = DomainSpec::new("ends").heap_quota(1 << 20);
    // A domain that is to run `insist` has no budget, so that only a kill ends it.
    let spec = if last == Last::Hang {
        spec.budget(budget)
    } else {
        spec
    };
    let domain = runtime().spawn(spec, init, Mint::of(move || last));
    domain.expect("a domain")
}

/// Stops a domain whose destructor does `last`. Returns the kind of the exit, and whether the destructor ran to its
/// end.
fn stop(last: Last) -> (ExitKind, bool) {
    let domain = spawn(last);
    let proxy = domain.proxy().expect("alive");
    assert_eq!(proxy.work(), Ok(42));
    let (begun, ended) = (BEGUN.load(SeqCst), ENDED.load(SeqCst));
    assert_eq!(domain.stop(Duration::from_secs(5)), Ok(()), "{last:?}");
    assert_eq!(BEGUN.load(SeqCst), begun + 1, "{last:?}");
    assert_eq!(proxy.work(), Err(RpcError::Dead), "{last:?}");
    let reason = domain.exit_reason().expect("it ended");
    if let Last::Die(way) = last {
        let (_, words) = way.reason();
        assert!(reason.message.as_str().contains(words), "{way:?}: {reason}");
    }
    (reason.kind, ENDED.load(SeqCst) != ended)
}

/// The calling domain, and the dead domain.
type Parties = (Proxy<dyn Ending>, Proxy<dyn Ending>);

static PARTIES: Mutex<Option<Parties>> = Mutex::new(None);

fn insist(_: usize) {
    let (asks, dead) = PARTIES.lock().take().expect("both");
    assert_eq!(asks.insist(dead), Err(RpcError::Crashed));
}

kernel_tests! {
    /// Failure: F-42
    fn death_in_a_destructor_of_a_stop_is_contained() {
        leaves_nothing(|| {
            for way in Way::ALL {
                assert_eq!(stop(Last::Die(way)), (way.reason().0, false), "{way:?}");
            }
            // Without a death, the destructor runs to its end.
            assert_eq!(stop(Last::Nothing), (ExitKind::Stopped, true));
        });
    }

    /// Failure: F-42
    fn budget_ends_an_endless_destructor_of_a_stop() {
        leaves_nothing(|| assert_eq!(stop(Last::Hang), (ExitKind::Overrun, false)));
    }

    /// Failure: F-43
    fn killed_domain_that_retries_dead_calls_is_cut() {
        leaves_nothing(|| {
            let (asks, dead) = (spawn(Last::Nothing), spawn(Last::Nothing));
            let parties = (asks.proxy().expect("alive"), dead.proxy().expect("alive"));
            assert!(dead.kill());
            *PARTIES.lock() = Some(parties);
            ASKED.store(0, SeqCst);
            let thread = start(insist, 0);
            while ASKED.load(SeqCst) < 1000 {
                request::yield_now();
            }
            assert!(asks.exit_reason().is_none(), "calls of a dead domain do not kill the caller");
            assert!(asks.kill());
            thread.join();
            assert_eq!(asks.exit_reason().map(|reason| reason.kind), Some(ExitKind::Killed));
        });
    }
}
