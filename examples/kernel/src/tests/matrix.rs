//! Tests for the cells of the failure matrix that no other file covers. The caller gets the right error, and nothing
//! is left behind.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use samara::runtime::ExitKind;
use samara::runtime::threads::api as domain_thread;
use spin::Mutex;

use super::crashing_domain::{self, Mortal};
use super::kernel_tests;
use super::threads::start;
use super::totals::leaves_nothing;
use crate::host::runtime;
use crate::thread::request;

/// A domain that calls others, and dies in several ways.
#[interface]
trait Peer {
    fn learn(&self, other: Proxy<dyn Peer>, shadow: Shadow<dyn Peer>) -> Result<(), RpcError>;
    /// Calls [`Peer::back`] of the other domain, which calls this domain back. Returns the result of that call.
    fn there_and_back(&self, dies: bool) -> Result<u32, RpcError>;
    /// Calls [`Peer::touch`] of the other domain through a proxy and through a shadow, and returns the sum of the
    /// results. If `dies` is true, the other domain dies in the first call.
    fn back(&self, dies: bool) -> Result<u32, RpcError>;
    /// Returns 1, or faults.
    #[idempotent]
    fn touch(&self, dies: bool) -> Result<u32, RpcError>;
    /// Waits for a callee that never returns.
    fn wait_for(&self, mortal: Proxy<dyn Mortal>) -> Result<(), RpcError>;
    /// Allocates shared objects until the quota is used up, and returns their number. If `insists`, allocates one
    /// more object by a function that panics instead of returning an error.
    fn fill(&self, insists: bool) -> Result<u32, RpcError>;
    /// Starts a thread that faults, or that loops for ever if `hangs`, and waits for its end.
    fn crash_thread(&self, hangs: bool) -> Result<(), RpcError>;
}

/// Counts the threads that are about to wait for a callee.
static WAITING: AtomicU32 = AtomicU32::new(0);

mod peer {
    use super::*;

    type Known = (Proxy<dyn Peer>, Shadow<dyn Peer>);

    #[derive(Default)]
    pub(super) struct State(Mutex<Option<Known>>);

    pub(super) fn init((): ()) -> Result<State, RpcError> {
        Ok(State::default())
    }

    fn fault() {
        let null = core::ptr::without_provenance::<u64>(core::hint::black_box(8));
        // SAFETY: the pointer is not valid; the fault is the purpose.
        core::hint::black_box(unsafe { null.read_volatile() });
    }

    impl Peer for State {
        fn learn(&self, other: Proxy<dyn Peer>, shadow: Shadow<dyn Peer>) -> Result<(), RpcError> {
            *self.0.lock() = Some((other, shadow));
            Ok(())
        }

        fn there_and_back(&self, dies: bool) -> Result<u32, RpcError> {
            let known = self.0.lock();
            let (other, _) = known.as_ref().expect("it was learned");
            other.back(dies)
        }

        fn back(&self, dies: bool) -> Result<u32, RpcError> {
            let known = self.0.lock();
            let (caller, shadow) = known.as_ref().expect("it was learned");
            if dies {
                assert_eq!(caller.touch(true), Err(RpcError::Crashed));
                // The dead domain cannot be restarted yet, because this call has still to return into it.
                assert!(shadow.touch(false).is_err());
                return Ok(0);
            }
            Ok(caller.touch(false)? + shadow.touch(false)?)
        }

        fn touch(&self, dies: bool) -> Result<u32, RpcError> {
            if dies {
                fault();
            }
            Ok(1)
        }

        fn wait_for(&self, mortal: Proxy<dyn Mortal>) -> Result<(), RpcError> {
            WAITING.fetch_add(1, SeqCst);
            mortal.hang()
        }

        fn fill(&self, insists: bool) -> Result<u32, RpcError> {
            let mut kept = Vec::new();
            while let Ok(object) = RRef::try_new([0_u64; 128]) {
                kept.push(object);
                assert!(kept.len() < 1000, "there is a quota");
            }
            if insists {
                kept.push(RRef::new([0_u64; 128]));
            }
            Ok(kept.len() as u32)
        }

        fn crash_thread(&self, hangs: bool) -> Result<(), RpcError> {
            let body = move || {
                if hangs {
                    loop {
                        core::hint::spin_loop();
                    }
                }
                fault();
            };
            domain_thread::spawn(body).expect("room for it").join();
            Ok(())
        }
    }
}

fn spawn(spec: DomainSpec) -> Domain<dyn Peer> {
    let policy = Restart::limited(2, Duration::from_secs(3600));
    let domain = runtime().spawn(spec.restart(policy), peer::init, Mint::nothing());
    domain.expect("a domain")
}

fn kind(domain: &Domain<dyn Peer>) -> ExitKind {
    domain.exit_reason().expect("it died").kind
}

/// The domain that waits, and the domain that it waits for.
type Parties = (Domain<dyn Peer>, Domain<dyn Mortal>);

/// The domains that the threads of a test use.
static PARTIES: Mutex<Option<Parties>> = Mutex::new(None);

fn wait_for(_: usize) {
    let (peer, mortal) = PARTIES.lock().clone().expect("both");
    let mortal = mortal.proxy().expect("alive");
    let ended = peer.proxy().expect("alive").wait_for(mortal);
    assert_eq!(ended, Err(RpcError::Crashed));
}

/// Starts two domains that know each other.
fn pair() -> [Domain<dyn Peer>; 2] {
    let pair = ["first", "second"].map(|name| spawn(DomainSpec::new(name)));
    for (one, other) in [(0, 1), (1, 0)] {
        let (proxy, shadow) = (pair[other].proxy(), pair[other].shadow());
        let told = pair[one].proxy().expect("alive");
        let known = (proxy.expect("alive"), shadow.expect("alive"));
        told.learn(known.0, known.1).expect("alive");
    }
    pair
}

kernel_tests! {
    /// Failure: F-11
    fn shared_quota_is_an_error_or_a_death() {
        leaves_nothing(|| {
            let domain = spawn(DomainSpec::new("greedy").shared_quota(64 << 10));
            let proxy = domain.proxy().expect("alive");
            let count = proxy.fill(false).expect("the domain gets an error and lives");
            assert!((16..=64).contains(&count), "{count} KiB");
            assert_eq!(proxy.fill(true), Err(RpcError::Crashed));
            assert_eq!(kind(&domain), ExitKind::Panic);
            domain.restart().expect("within the budget");
            assert_eq!(domain.proxy().expect("alive").touch(false), Ok(1));
            domain.kill();
        });
    }

    /// Failure: F-20
    fn a_thread_of_a_domain_that_faults_or_hangs_ends_it() {
        for (hangs, expected) in [(false, ExitKind::Fault), (true, ExitKind::Overrun)] {
            leaves_nothing(|| {
                let budget = Duration::from_millis(20);
                let domain = spawn(DomainSpec::new("threaded").budget(budget));
                let proxy = domain.proxy().expect("alive");
                assert_eq!(proxy.crash_thread(hangs), Err(RpcError::Crashed));
                assert_eq!(kind(&domain), expected);
                domain.restart().expect("it drained");
                assert_eq!(domain.proxy().expect("alive").touch(false), Ok(1));
                domain.kill();
            });
        }
    }

    /// Failure: F-35
    fn a_caller_killed_while_its_callee_never_returns() {
        leaves_nothing(|| {
            let (peer, mortal) = (spawn(DomainSpec::new("waits")), crashing_domain::spawn());
            *PARTIES.lock() = Some((peer.clone(), mortal.clone()));
            let before = WAITING.load(SeqCst);
            let thread = start(wait_for, 0);
            while WAITING.load(SeqCst) == before {
                request::yield_now();
            }
            request::sleep(Duration::from_millis(3));
            assert!(peer.kill());
            request::sleep(Duration::from_millis(3));
            assert_eq!(mortal.proxy().expect("unharmed").work(), Ok(42));
            assert!(mortal.kill(), "only this ends the callee");
            thread.join();
            *PARTIES.lock() = None;
            assert_eq!(kind(&peer), ExitKind::Killed);
            peer.restart().expect("it drained");
            peer.kill();
        });
    }

    /// Failure: F-28
    fn a_callee_calls_its_caller_back() {
        leaves_nothing(|| {
            let pair = pair();
            let first = pair[0].proxy().expect("alive");
            assert_eq!(first.there_and_back(false), Ok(2));
            assert!(pair.iter().all(Domain::kill));
        });
    }

    /// Failure: F-29
    fn a_caller_that_dies_in_a_callback_is_cut() {
        leaves_nothing(|| {
            let pair = pair();
            let first = pair[0].proxy().expect("alive");
            assert_eq!(first.there_and_back(true), Err(RpcError::Crashed));
            assert_eq!(kind(&pair[0]), ExitKind::Fault);
            let second = pair[1].proxy().expect("alive");
            assert_eq!(second.touch(false), Ok(1), "the domain in between is unharmed");
            pair[1].kill();
        });
    }

    /// Failure: F-31
    fn a_crash_loop_ends_at_the_limit() {
        leaves_nothing(|| {
            let domain = spawn(DomainSpec::new("loops"));
            let shadow = domain.shadow().expect("a shadow");
            assert_eq!(shadow.touch(true), Err(RpcError::RecoveryFailed));
            assert_eq!(domain.restarts(), 2);
            assert!(domain.restart().is_err());
            assert_eq!(shadow.touch(false), Err(RpcError::RecoveryFailed));
            assert_eq!(kind(&domain), ExitKind::Fault);
        });
    }
}
