//! Nested panics in flight: a destructor that a panic runs calls another domain, which panics, too, and whose
//! destructor does the same. However many panics there are, only the panicking domains die.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use samara::prelude::*;
use samara::runtime::ExitKind;
use spin::Once;

use super::crashing_domain::{Way, inside::die};
use super::kernel_tests;
use super::totals::leaves_nothing;
use crate::host::runtime;

/// A number of panics that exceeds the number of a thread's exception objects.
const MANY: u32 = 12;

/// A domain that panics, and makes the other domain panic in a destructor.
#[interface]
trait Falling {
    fn learn(&self, other: Proxy<dyn Falling>) -> Result<(), RpcError>;
    /// If `more` is 0, dies in the way `last`. Otherwise panics; a destructor that the panic runs then calls this
    /// method of the other domain with `more - 1`.
    fn fall(&self, more: u32, last: Way) -> Result<(), RpcError>;
}

/// Counts the calls of [`Falling::fall`].
static FALLS: AtomicU32 = AtomicU32::new(0);

#[derive(Default)]
struct State(Once<Proxy<dyn Falling>>);

fn init((): ()) -> Result<State, RpcError> {
    Ok(State::default())
}

/// Calls [`Falling::fall`] of the other domain when it is dropped.
struct TakesAlong<'a>(&'a State, u32, Way);

impl Drop for TakesAlong<'_> {
    fn drop(&mut self) {
        let other = self.0.0.get().expect("it was learned");
        assert_eq!(other.fall(self.1, self.2), Err(RpcError::Crashed));
    }
}

impl Falling for State {
    fn learn(&self, other: Proxy<dyn Falling>) -> Result<(), RpcError> {
        self.0.call_once(|| other);
        Ok(())
    }

    fn fall(&self, more: u32, last: Way) -> Result<(), RpcError> {
        FALLS.fetch_add(1, SeqCst);
        let Some(more) = more.checked_sub(1) else {
            die(last);
            return Ok(());
        };
        let _takes_along = TakesAlong(self, more, last);
        panic!("it takes others along");
    }
}

fn pair() -> [Domain<dyn Falling>; 2] {
    let spec = |name| DomainSpec::new(name).heap_quota(1 << 20);
    let pair = ["falls", "falls too"].map(|name| {
        runtime()
            .spawn(spec(name), init, Mint::nothing())
            .expect("a domain")
    });
    for (one, other) in [(0, 1), (1, 0)] {
        let told = pair[one].proxy().expect("alive");
        let other = pair[other].proxy().expect("alive");
        told.learn(other).expect("alive");
    }
    pair
}

/// Makes `panics` nested panics. While all of them are in flight, makes a domain die in the way `last`. Returns the
/// number of calls of [`Falling::fall`].
fn fall(panics: u32, last: Way) -> u32 {
    let pair: [Domain<dyn Falling>; 2] = pair();
    FALLS.store(0, SeqCst);
    let fallen = pair[0].proxy().expect("alive").fall(panics, last);
    assert_eq!(fallen, Err(RpcError::Crashed), "{panics}, {last:?}");
    assert!(!samara_unwind::is_unwinding(), "{panics}, {last:?}");
    for domain in &pair[..FALLS.load(SeqCst).min(2) as usize] {
        assert!(domain.exit_reason().is_some(), "{panics}, {last:?}");
    }
    if panics > 0 {
        assert_eq!(
            pair[0].exit_reason().map(|reason| reason.kind),
            Some(ExitKind::Panic)
        );
    }
    pair[1].kill();
    FALLS.load(SeqCst)
}

kernel_tests! {
    /// Invariant: ORDER-50
    /// Failure: F-4
    fn a_cut_lands_however_many_panics_are_in_flight() {
        leaves_nothing(|| {
            for last in Way::ALL {
                for panics in [1, 7, 8] {
                    assert_eq!(fall(panics, last), panics + 1, "{last:?}");
                }
            }
        });
    }

    /// Invariant: ORDER-50
    /// Failure: F-4
    fn panics_beyond_the_exception_objects_are_cut() {
        leaves_nothing(|| {
            for panics in 0..MANY {
                // There is no exception object for the ninth panic. So its frames are given up without running
                // destructors, and no further call is made.
                assert_eq!(fall(panics, Way::Panic), (panics + 1).min(9));
            }
        });
    }
}
