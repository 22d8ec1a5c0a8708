//! A domain that dies takes nothing with it and leaves nothing behind.

use alloc::vec::Vec;
use core::fmt;
use core::hint::black_box;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use samara::prelude::*;
use samara::runtime::state::State;
use samara::runtime::{DomainInfo, ExitKind};
use spin::Mutex;

use super::kernel_tests;
use crate::host::runtime;
use crate::mm::frames::{self, FrameOwner};
use crate::thread::request;
use crate::thread::spawn::free_ended;

/// A domain that does what it is told, to its own harm.
#[interface]
trait Victim {
    /// Allocates private memory and keeps it; false if there is none.
    fn hoard(&self, bytes: u64) -> Result<bool, RpcError>;
    /// Keeps a shared object.
    fn keep(&self, object: RRef<u64>) -> Result<(), RpcError>;
    /// Panics four frames down, each of which counts in `drops` when it is left.
    fn crash(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError>;
    /// Panics with a message that panics.
    fn crash_unspeakably(&self) -> Result<(), RpcError>;
    /// Has the host kill the domain in [`CALLER`].
    fn kill_caller(&self) -> Result<(), RpcError>;
    /// Has no bug.
    #[idempotent]
    fn work(&self) -> Result<u32, RpcError>;
}

/// A domain between the host and a victim.
#[interface]
trait Middle {
    /// Calls [`Victim::crash`] and passes on what came of it.
    fn forward(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError>;
    /// Calls [`Victim::kill_caller`], holding something that counts in `drops` when it is dropped.
    fn be_killed(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError>;
    /// Panics while it holds something whose destructor has the victim crash, too.
    fn crash_both(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError>;
}

/// Whom [`Victim::kill_caller`] kills. Authority that a real domain would not have.
static CALLER: Mutex<Option<Domain<dyn Middle>>> = Mutex::new(None);

/// Counts when it is dropped.
struct Counted<'a>(&'a AtomicU32);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

mod victim {
    use super::*;

    pub(super) struct State {
        private: Mutex<Vec<Vec<u8>>>,
        shared: Mutex<Vec<RRef<u64>>>,
    }

    pub(super) fn init((): ()) -> Result<State, RpcError> {
        Ok(State {
            private: Mutex::new(Vec::new()),
            shared: Mutex::new(Vec::new()),
        })
    }

    #[inline(never)]
    fn index_deep(depth: u32, drops: &AtomicU32, bytes: &[u8]) -> u8 {
        let _counted = Counted(drops);
        match depth {
            0 => bytes[black_box(7)],
            _ => index_deep(depth - 1, drops, bytes).wrapping_add(1),
        }
    }

    struct Unspeakable;

    impl fmt::Display for Unspeakable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("{}", Self)
        }
    }

    impl Victim for State {
        fn hoard(&self, bytes: u64) -> Result<bool, RpcError> {
            let mut memory = Vec::new();
            if memory.try_reserve_exact(bytes as usize).is_err() {
                return Ok(false);
            }
            memory.resize(bytes as usize, 0xa5);
            self.private.lock().push(memory);
            Ok(true)
        }

        fn keep(&self, object: RRef<u64>) -> Result<(), RpcError> {
            self.shared.lock().push(object);
            Ok(())
        }

        fn crash(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError> {
            index_deep(3, drops, &[1, 2, 3]);
            Ok(())
        }

        fn crash_unspeakably(&self) -> Result<(), RpcError> {
            panic!("{}", Unspeakable)
        }

        fn kill_caller(&self) -> Result<(), RpcError> {
            let caller = CALLER.lock().take();
            assert!(caller.is_some_and(|caller| caller.kill()));
            Ok(())
        }

        fn work(&self) -> Result<u32, RpcError> {
            Ok(42)
        }
    }
}

mod middle {
    use super::*;

    pub(super) struct State(Proxy<dyn Victim>);

    pub(super) fn init(victim: Proxy<dyn Victim>) -> Result<State, RpcError> {
        Ok(State(victim))
    }

    struct CrashesVictim<'a>(&'a State, &'a RRef<AtomicU32>);

    impl Drop for CrashesVictim<'_> {
        fn drop(&mut self) {
            assert_eq!(self.0.0.crash(self.1), Err(RpcError::Crashed));
        }
    }

    impl Middle for State {
        fn forward(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError> {
            self.0.crash(drops)
        }

        fn be_killed(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError> {
            let _counted = Counted(drops);
            self.0.kill_caller()
        }

        fn crash_both(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError> {
            let _crashes = CrashesVictim(self, drops);
            panic!("the first of two");
        }
    }
}

fn spawn(spec: DomainSpec) -> Domain<dyn Victim> {
    runtime()
        .spawn(spec, victim::init, Mint::nothing())
        .expect("a domain")
}

fn spawn_restartable(times: u32) -> Domain<dyn Victim> {
    let policy = Restart::limited(times, Duration::from_secs(3600));
    spawn(DomainSpec::new("victim").restart(policy))
}

fn spawn_middle(victim: &Domain<dyn Victim>) -> Domain<dyn Middle> {
    let victim = victim.clone();
    let spec = DomainSpec::new("middle");
    runtime()
        .spawn(spec, middle::init, Mint::fallible(move || victim.proxy()))
        .expect("a domain")
}

fn stop<I: ?Sized + samara::runtime::Interface>(domain: &Domain<I>) {
    domain
        .stop(Duration::from_secs(1))
        .expect("nobody is inside");
}

fn counter() -> RRef<AtomicU32> {
    RRef::new(AtomicU32::new(0))
}

fn count(drops: &RRef<AtomicU32>) -> u32 {
    drops.load(Ordering::Relaxed)
}

/// The owner that the domain's slot stands for.
fn slot_owner(domain: &Domain<dyn Victim>) -> samara::Owner {
    samara::Owner::from_index(domain.info().id).expect("a slot")
}

/// Waits until no dead domain is left to reclaim: another thread may be at it.
pub(super) fn settle() {
    let dying = |domain: DomainInfo| matches!(domain.state, State::Stopping | State::Reclaiming);
    while runtime().domains().any(dying) {
        request::yield_now();
    }
}

/// Frames that are free once the exchange heap has given up what it keeps for later.
pub(super) fn settled_frames() -> usize {
    settle();
    free_ended();
    samara::heap::heap::trim();
    frames::free_frames()
}

kernel_tests! {
    fn panicking_domain_is_contained_and_reclaimed() {
        let domain = spawn(DomainSpec::new("victim"));
        let private = FrameOwner(domain.info().id as u32);
        let (proxy, drops) = (domain.proxy().expect("a proxy"), counter());
        assert_eq!(proxy.hoard(1 << 20), Ok(true));
        for value in 0..3 {
            proxy.keep(RRef::new(value)).expect("alive");
        }
        assert_eq!(domain.info().objects, 4, "what it keeps and what init returned");
        let pages = domain.info().private_bytes / 4096;
        assert!(pages >= 256);
        assert_eq!(frames::owned_by(private), pages, "the frame allocator agrees");

        assert_eq!(proxy.crash(&drops), Err(RpcError::Crashed));
        assert_eq!(count(&drops), 4, "destructors ran");
        settle();
        assert_eq!(frames::owned_by(private), 0, "private memory went back as a whole");
        assert_eq!(samara::heap::heap::census(slot_owner(&domain)).objects, 0);
        assert_eq!(proxy.work(), Err(RpcError::Dead));
        let reason = domain.exit_reason().expect("it died");
        assert_eq!(reason.kind, ExitKind::Panic);
        assert!(reason.message.as_str().contains("index out of bounds"), "{reason}");
        assert!(reason.place.as_str().contains("domains.rs"), "{reason}");
        assert!(!samara_unwind::is_unwinding());
    }

    fn restart_works_and_old_proxies_stay_dead() {
        let domain = spawn_restartable(1);
        let old = domain.proxy().expect("a proxy");
        assert_eq!(old.crash(&counter()), Err(RpcError::Crashed));
        domain.restart().expect("within the budget");
        assert_eq!(old.work(), Err(RpcError::Dead));
        assert_eq!(domain.proxy().expect("a proxy").work(), Ok(42));
        assert_eq!(domain.restarts(), 1);
        stop(&domain);
    }

    fn shadow_recovers_within_the_call() {
        let domain = spawn_restartable(3);
        let shadow = domain.shadow().expect("a shadow");
        let direct = domain.proxy().expect("a proxy");
        assert_eq!(direct.crash(&counter()), Err(RpcError::Crashed));
        assert_eq!(shadow.work(), Ok(42));
        assert_eq!(domain.restarts(), 1);
        stop(&domain);
    }

    fn crash_loop_leaks_no_page() {
        const CRASHES: u32 = 100;
        let domain = spawn_restartable(CRASHES + 8);
        let drops = counter();
        let crash = || {
            let proxy = domain.proxy().expect("a proxy");
            proxy.keep(RRef::new(1)).expect("alive");
            assert_eq!(proxy.hoard(256 << 10), Ok(true));
            assert_eq!(proxy.crash(&drops), Err(RpcError::Crashed));
            domain.restart().expect("within the budget");
        };
        for _ in 0..8 {
            crash(); // the host's own tables grow first
        }
        let before = settled_frames();
        for _ in 0..CRASHES {
            crash();
        }
        assert_eq!(settled_frames(), before);
        assert_eq!(count(&drops), 4 * (CRASHES + 8));
        stop(&domain);
    }

    fn private_quota_is_an_error_not_a_death() {
        let domain = spawn(DomainSpec::new("victim").heap_quota(512 << 10));
        let proxy = domain.proxy().expect("a proxy");
        assert_eq!(proxy.hoard(128 << 10), Ok(true));
        assert_eq!(proxy.hoard(4 << 20), Ok(false));
        assert_eq!(proxy.work(), Ok(42));
        stop(&domain);
    }

    fn caller_of_a_crashed_domain_lives_on() {
        let victim = spawn(DomainSpec::new("victim"));
        let middle = spawn_middle(&victim);
        let (proxy, drops) = (middle.proxy().expect("a proxy"), counter());
        assert_eq!(proxy.forward(&drops), Err(RpcError::Crashed));
        assert_eq!(proxy.forward(&drops), Err(RpcError::Dead));
        assert_eq!(count(&drops), 4);
        assert!(middle.exit_reason().is_none(), "the one between is alive");
        stop(&middle);
    }

    fn crash_inside_a_destructor_of_an_unwinding_domain() {
        let victim = spawn(DomainSpec::new("victim"));
        let middle = spawn_middle(&victim);
        let (proxy, drops) = (middle.proxy().expect("a proxy"), counter());
        assert_eq!(proxy.crash_both(&drops), Err(RpcError::Crashed));
        assert_eq!(count(&drops), 4, "the victim's destructors ran");
        for (name, reason) in [("victim", victim.exit_reason()), ("middle", middle.exit_reason())] {
            assert_eq!(reason.expect(name).kind, ExitKind::Panic);
        }
        assert!(!samara_unwind::is_unwinding());
    }

    fn caller_killed_meanwhile_is_cut_when_its_callee_returns() {
        let victim = spawn(DomainSpec::new("victim"));
        let middle = spawn_middle(&victim);
        *CALLER.lock() = Some(middle.clone());
        let (proxy, drops) = (middle.proxy().expect("a proxy"), counter());
        assert_eq!(proxy.be_killed(&drops), Err(RpcError::Crashed));
        assert_eq!(count(&drops), 0, "a kill cuts: no destructor runs");
        assert_eq!(middle.exit_reason().expect("it died").kind, ExitKind::Killed);
        assert_eq!(victim.proxy().expect("a proxy").work(), Ok(42), "the callee is unharmed");
        stop(&victim);
    }

    fn message_that_panics_kills_only_its_domain() {
        let domain = spawn(DomainSpec::new("victim"));
        let proxy = domain.proxy().expect("a proxy");
        assert_eq!(proxy.crash_unspeakably(), Err(RpcError::Crashed));
        assert_eq!(domain.exit_reason().expect("it died").kind, ExitKind::Panic);
    }

    fn killed_domain_is_reclaimed_at_once() {
        let domain = spawn(DomainSpec::new("victim"));
        let private = FrameOwner(domain.info().id as u32);
        assert_eq!(domain.proxy().expect("a proxy").hoard(64 << 10), Ok(true));
        assert!(domain.kill());
        settle();
        assert_eq!(frames::owned_by(private), 0);
        assert!(!domain.kill(), "only once");
    }
}
