//! Orderly stops: destructors run inside the domain, and deadlines are kept.

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart, SpawnError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRef;
use samara_shared_heap::thread;
use samara_testkit::hosted::{Gate, await_reclaims, deaths, host, owner_of, reclaims, wait_until};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const LONG: Duration = Duration::from_secs(120);

#[interface]
trait Worker {
    fn ping(&self) -> Result<(), RpcError>;
    /// Waits twice at the test's gate, then calls `peer`. Returns a new object with the value of the domain's own
    /// object.
    fn work(&self, peer: Proxy<dyn Worker>) -> Result<RRef<u64>, RpcError>;
}

/// For each test, `GATES` has the gate inside `work`, and `DROPPED_AS` the owner for which the destructor ran.
static GATES: [Gate; 8] = [const { Gate::new(2) }; 8];
static DROPPED_AS: [AtomicUsize; 8] = [const { AtomicUsize::new(0) }; 8];
const PANICS: usize = 100;

struct Tidy {
    test: usize,
    object: RRef<u64>,
    private: Vec<u8>,
}

impl Drop for Tidy {
    fn drop(&mut self) {
        assert_eq!(self.private, [7; 1000]);
        DROPPED_AS[self.test % PANICS].store(thread::current().owner().index(), SeqCst);
        assert!(self.test < PANICS, "the destructor panics");
    }
}

impl Worker for Tidy {
    fn ping(&self) -> Result<(), RpcError> {
        Ok(())
    }
    fn work(&self, peer: Proxy<dyn Worker>) -> Result<RRef<u64>, RpcError> {
        GATES[self.test].wait();
        GATES[self.test].wait();
        peer.ping()?;
        Ok(RRef::new(*self.object))
    }
}

fn init(test: usize) -> Result<Tidy, RpcError> {
    Ok(Tidy {
        test,
        object: RRef::new(5),
        private: vec![7; 1000],
    })
}

fn spawn(name: &str, test: usize) -> (Domain<dyn Worker>, Proxy<dyn Worker>) {
    let restart = Restart::limited(5, Duration::from_secs(3600));
    let domain: Domain<dyn Worker> = host()
        .spawn(
            DomainSpec::new(name).restart(restart),
            init,
            Mint::of(move || test),
        )
        .unwrap();
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

/// Invariant: LIFE-15
#[test]
fn a_stop_runs_the_destructor_inside_the_domain() {
    let (domain, proxy) = spawn("stop", 0);
    let owner = owner_of(&domain).index();
    assert_eq!(domain.stop(LONG), Ok(()));
    assert_eq!(DROPPED_AS[0].load(SeqCst), owner);
    let released = reclaims("stop")[0];
    assert_eq!((released.objects, released.capabilities), (0, 0));
    assert_eq!(deaths("stop")[0].kind, ExitKind::Stopped);
    assert_eq!(proxy.ping(), Err(RpcError::Dead));
    // A stopped domain stays stopped.
    assert_eq!(domain.restart(), Err(SpawnError::Stopped));
    assert_eq!(domain.stop(LONG), Ok(()));
    assert!(!domain.kill());
    assert_eq!((reclaims("stop").len(), deaths("stop").len()), (1, 1));
}

/// Failure: F-2, F-42
#[test]
fn panicking_destructor_in_a_stop_is_only_a_death() {
    let (domain, _) = spawn("panics", PANICS + 1);
    let owner = owner_of(&domain).index();
    assert_eq!(domain.stop(LONG), Ok(()));
    assert_eq!(DROPPED_AS[1].load(SeqCst), owner);
    let why = deaths("panics")[0];
    assert_eq!(
        (why.kind, why.message.as_str()),
        (ExitKind::Panic, "the destructor panics")
    );
    // The unwinding dropped the value's other fields, so the reclaim found only the slot of the value itself.
    assert_eq!(reclaims("panics")[0].objects, 1);
}

/// Invariant: LIFE-15
#[test]
fn calls_inside_finish_before_the_destructor_runs() {
    let (domain, proxy) = spawn("drain", 2);
    let (peer, peer_proxy) = spawn("drain-peer", 3);
    std::thread::scope(|scope| {
        let call = scope.spawn(|| proxy.work(peer_proxy));
        GATES[2].wait();
        let stop = scope.spawn(|| domain.stop(LONG));
        // While the domain drains, no call enters it. The call inside goes on, also when it calls its peer.
        wait_until("the stop", || proxy.ping().is_err());
        assert_eq!(proxy.ping(), Err(RpcError::Dead));
        assert_eq!(DROPPED_AS[2].load(SeqCst), 0);
        GATES[2].wait();
        assert_eq!(call.join().unwrap().map(|object| *object), Ok(5));
        assert_eq!(stop.join().unwrap(), Ok(()));
    });
    assert_ne!(DROPPED_AS[2].load(SeqCst), 0);
    assert_eq!(reclaims("drain").len(), 1);
    peer.kill();
}

/// Invariant: LIFE-15
#[test]
fn a_call_past_the_deadline_makes_a_stop_a_death() {
    let (domain, proxy) = spawn("deadline", 4);
    let (peer, peer_proxy) = spawn("deadline-peer", 5);
    std::thread::scope(|scope| {
        let call = scope.spawn(|| proxy.work(peer_proxy));
        GATES[4].wait();
        assert_eq!(domain.stop(Duration::ZERO), Err(SpawnError::StillDraining));
        assert_eq!(deaths("deadline")[0].kind, ExitKind::DeadlinePassed);
        host().reap();
        assert!(reclaims("deadline").is_empty(), "a call is inside");
        GATES[4].wait();
        // The call's domain is dead, so the call is unwound when its own call to the peer returns.
        assert_eq!(call.join().unwrap().map(|_| ()), Err(RpcError::Crashed));
    });
    // After the deadline no destructor runs. The reclaim frees the value that `init` returned, and the object in it,
    // as plain bytes.
    let released = await_reclaims("deadline", 1)[0];
    assert_eq!(released.objects, 2);
    assert_eq!(DROPPED_AS[4].load(SeqCst), 0);
    assert!(peer.kill());
}

/// Invariant: LIFE-9
#[test]
fn a_kill_does_not_run_destructors() {
    let (domain, _) = spawn("kill", 6);
    assert!(domain.kill());
    assert_eq!(await_reclaims("kill", 1)[0].objects, 2);
    assert_eq!(DROPPED_AS[6].load(SeqCst), 0);
    assert_eq!(deaths("kill")[0].kind, ExitKind::Killed);
}
