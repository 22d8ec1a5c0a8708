//! Chains of domains on one thread: re-entrancy, and deaths in the middle of a chain.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_rref::RRef;
use samara_shared_heap::thread;
use samara_testkit::hosted::{Gate, await_reclaims, host, leak_check, owner_of, reclaims, watch};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The calls that a node answers.
#[interface]
trait Node {
    /// Returns the index of the node's owner.
    fn me(&self) -> Result<usize, RpcError>;
    fn learn(&self, peer: Proxy<dyn Node>) -> Result<(), RpcError>;
    fn learn_shadow(&self, peer: Shadow<dyn Node>) -> Result<(), RpcError>;
    /// Calls `descend(depth - 1)` of the peer. Returns the owners on the way, innermost first.
    fn descend(&self, depth: usize) -> Result<RRef<[usize]>, RpcError>;
    /// Calls `call_back` of its peer, which calls `panic` of this node.
    fn through(&self) -> Result<(), RpcError>;
    fn call_back(&self) -> Result<(), RpcError>;
    /// Does the same as `through`, but the peer calls this node through a shadow.
    fn through_shadowed(&self) -> Result<(), RpcError>;
    fn shadow_back(&self) -> Result<(), RpcError>;
    fn panic(&self) -> Result<(), RpcError>;
    /// Returns the error that this node's last `call_back` or `shadow_back` got from its peer.
    fn seen(&self) -> Result<Option<RpcError>, RpcError>;
    /// Calls `meet` of its peer with a borrow. Leaves a mark when its frame is unwound.
    fn lend(&self, gate: usize) -> Result<u64, RpcError>;
    /// Waits twice at the gate, then reads the object.
    fn meet(&self, gate: usize, object: &RRef<[u64]>) -> Result<RRef<[u64]>, RpcError>;
    /// Passes the gate, then calls its peer again and again.
    fn insist(&self, gate: usize) -> Result<(), RpcError>;
    /// Returns the object that it is given.
    fn carry(&self, object: RRef<[u64]>) -> Result<RRef<[u64]>, RpcError>;
    /// Passes the gate, then calls `carry` of its peer again and again.
    fn keep_sending(&self, gate: usize) -> Result<(), RpcError>;
}

#[derive(Default)]
struct State {
    peer: Mutex<Option<Proxy<dyn Node>>>,
    shadow: Mutex<Option<Shadow<dyn Node>>>,
    seen: Mutex<Option<RpcError>>,
}

impl State {
    fn peer(&self) -> Result<Proxy<dyn Node>, RpcError> {
        Ok(self.peer.lock().unwrap().as_ref().unwrap().try_clone()?)
    }
}

/// A gate for each test that needs one: the thread inside and the test meet there twice.
static GATES: [Gate; 6] = [const { Gate::new(2) }; 6];
/// The owners for which the destructors of the unwound frames ran.
static UNWOUND_AS: [AtomicUsize; 6] = [const { AtomicUsize::new(0) }; 6];

struct Mark(usize);
impl Drop for Mark {
    fn drop(&mut self) {
        UNWOUND_AS[self.0].store(thread::current().owner().index(), SeqCst);
    }
}

impl Node for State {
    fn me(&self) -> Result<usize, RpcError> {
        Ok(thread::current().owner().index())
    }
    fn learn(&self, peer: Proxy<dyn Node>) -> Result<(), RpcError> {
        *self.peer.lock().unwrap() = Some(peer);
        Ok(())
    }
    fn learn_shadow(&self, peer: Shadow<dyn Node>) -> Result<(), RpcError> {
        *self.shadow.lock().unwrap() = Some(peer);
        Ok(())
    }
    fn descend(&self, depth: usize) -> Result<RRef<[usize]>, RpcError> {
        let below = match depth.checked_sub(1) {
            Some(depth) => self.peer()?.descend(depth)?,
            None => RRef::from_slice(&[]),
        };
        let me = thread::current().owner();
        assert_eq!(RRef::owner(&below), me);
        let with_me = |at| below.get(at).copied().unwrap_or(me.index());
        Ok(RRef::try_from_fn(below.len() + 1, with_me)?)
    }
    fn through(&self) -> Result<(), RpcError> {
        let _mark = Mark(0);
        self.peer()?.call_back()
    }
    fn call_back(&self) -> Result<(), RpcError> {
        *self.seen.lock().unwrap() = self.peer()?.panic().err();
        Ok(())
    }
    fn through_shadowed(&self) -> Result<(), RpcError> {
        self.peer()?.shadow_back()
    }
    fn shadow_back(&self) -> Result<(), RpcError> {
        let shadow = self.shadow.lock().unwrap();
        *self.seen.lock().unwrap() = shadow.as_ref().unwrap().panic().err();
        Ok(())
    }
    fn panic(&self) -> Result<(), RpcError> {
        panic!("asked to");
    }
    fn seen(&self) -> Result<Option<RpcError>, RpcError> {
        Ok(*self.seen.lock().unwrap())
    }
    fn lend(&self, gate: usize) -> Result<u64, RpcError> {
        let _mark = Mark(gate);
        let lent = RRef::from_slice(&[3, 4, 5]);
        let answer = self.peer()?.meet(gate, &lent)?;
        Ok(answer[0])
    }
    fn meet(&self, gate: usize, object: &RRef<[u64]>) -> Result<RRef<[u64]>, RpcError> {
        GATES[gate].wait();
        GATES[gate].wait();
        Ok(RRef::from_slice(&[object.iter().sum()]))
    }
    fn insist(&self, gate: usize) -> Result<(), RpcError> {
        let _mark = Mark(gate);
        let peer = self.peer()?;
        GATES[gate].wait();
        // The loop is much longer than the time until the kill, but it is finite, so that the test ends even if the
        // kill has no effect.
        let _ = (0..100_000_000).find(|_| peer.me().is_ok());
        Ok(())
    }
    fn carry(&self, object: RRef<[u64]>) -> Result<RRef<[u64]>, RpcError> {
        Ok(object)
    }
    fn keep_sending(&self, gate: usize) -> Result<(), RpcError> {
        let _mark = Mark(gate);
        let peer = self.peer()?;
        GATES[gate].wait();
        for _ in 0..100_000_000 {
            // The caller drops both an object that is refused and one that comes back.
            let _ = peer.carry(RRef::from_slice(&[6]));
        }
        Ok(())
    }
}

fn init((): ()) -> Result<State, RpcError> {
    Ok(State::default())
}

fn spawn(spec: DomainSpec) -> (Domain<dyn Node>, Proxy<dyn Node>) {
    let domain: Domain<dyn Node> = host().spawn(spec, init, Mint::nothing()).unwrap();
    watch(&domain);
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

/// Two domains that know each other.
fn pair(left: &str, right: &str) -> [(Domain<dyn Node>, Proxy<dyn Node>); 2] {
    let restart = Restart::limited(5, Duration::from_secs(60));
    let pair = [left, right].map(|name| spawn(DomainSpec::new(name).restart(restart)));
    for (me, other) in [(0, 1), (1, 0)] {
        let peer = pair[other].1.try_clone().unwrap();
        pair[me].1.learn(peer).unwrap();
    }
    pair
}

/// Failure: F-28
#[test]
fn a_domain_may_be_entered_again_from_below() {
    let _check = leak_check();
    let [(a, proxy), (b, _)] = pair("again-a", "again-b");
    let way = proxy.descend(5).unwrap();
    let (a, b) = (owner_of(&a).index(), owner_of(&b).index());
    assert_eq!(*way, [b, a, b, a, b, a]);
    assert_eq!(RRef::owner(&way).index(), 0);
}

/// Invariant: LIFE-7
/// Failure: F-28
#[test]
fn domain_that_dies_below_is_unwound_at_the_return() {
    let _check = leak_check();
    let [(a, proxy), (b, b_proxy)] = pair("down-a", "down-b");
    let a = owner_of(&a).index();
    // The inner frame of `a` panics. `b` sees the error and returns normally. Then the outer frame is unwound.
    assert_eq!(proxy.through(), Err(RpcError::Crashed));
    assert_eq!(b_proxy.seen(), Ok(Some(RpcError::Crashed)));
    assert_eq!(
        UNWOUND_AS[0].load(SeqCst),
        a,
        "the destructors must run on behalf of their own domain"
    );
    assert_eq!(await_reclaims("down-a", 1).len(), 1);
    assert_eq!(b_proxy.me(), Ok(owner_of(&b).index()));
}

/// Invariant: RECOVER-7
/// Failure: F-29
#[test]
fn a_shadow_on_its_own_chain_gives_up_at_once() {
    let _check = leak_check();
    let [(a, proxy), (_, b_proxy)] = pair("own-a", "own-b");
    b_proxy.learn_shadow(a.shadow().unwrap()).unwrap();
    assert_eq!(proxy.through_shadowed(), Err(RpcError::Crashed));
    assert_eq!(b_proxy.seen(), Ok(Some(RpcError::OnOwnChain)));
    assert_eq!(a.restarts(), 0);
    // The same shadow recovers if it is called from outside the chain.
    let fresh = a.shadow().unwrap();
    assert!(fresh.me().is_ok());
    assert_eq!(a.restarts(), 1);
}

/// Invariant: CROSS-7, LIFE-2, LIFE-3
/// Failure: F-25
#[test]
fn killed_caller_is_unwound_when_its_callee_returns() {
    let _check = leak_check();
    let [(a, proxy), (_, b_proxy)] = pair("killed-a", "killed-b");
    let owner = owner_of(&a).index();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| proxy.lend(1));
        GATES[1].wait();
        assert!(a.kill());
        // The callee will still read an object that the dead domain has lent, so nothing may be reclaimed yet.
        host().reap();
        assert_eq!(reclaims("killed-a"), []);
        GATES[1].wait();
        assert_eq!(call.join().unwrap(), Err(RpcError::Crashed));
    });
    assert_eq!(UNWOUND_AS[1].load(SeqCst), owner);
    // The caller's unwinding dropped the lent object. The reclaim finds the object that `init` returned, the call's
    // result, which no frame took, and the proxy of the peer.
    let released = await_reclaims("killed-a", 1)[0];
    assert_eq!((released.objects, released.capabilities), (2, 1));
    assert!(b_proxy.me().is_ok());
}

/// Invariant: LIFE-2
/// Failure: F-26
#[test]
fn killed_callee_finishes_its_call_and_is_dead_after() {
    let _check = leak_check();
    let (domain, proxy) =
        spawn(DomainSpec::new("during").restart(Restart::limited(1, Duration::from_secs(60))));
    std::thread::scope(|scope| {
        let lent = RRef::from_slice(&[1, 2]);
        let inner = &proxy;
        let call = scope.spawn(move || inner.meet(2, &lent).map(|sum| (RRef::owner(&sum), sum[0])));
        GATES[2].wait();
        assert!(domain.kill());
        assert!(!domain.kill(), "it dies once");
        assert_eq!(proxy.me(), Err(RpcError::Dead), "no call enters any more");
        host().reap();
        assert_eq!(reclaims("during"), []);
        GATES[2].wait();
        let (owner, sum) = call.join().unwrap().unwrap();
        assert_eq!((owner.index(), sum), (0, 3));
    });
    assert_eq!(await_reclaims("during", 1)[0].objects, 1);
    assert_eq!(proxy.me(), Err(RpcError::Dead));
}

/// Invariant: LIFE-7
/// Failure: F-43
#[test]
fn killed_domain_that_calls_the_dead_is_unwound() {
    let _check = leak_check();
    let [(a, proxy), (b, _)] = pair("insist-a", "insist-b");
    let owner = owner_of(&a).index();
    b.kill();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| proxy.insist(3));
        GATES[3].wait();
        a.kill();
        assert_eq!(call.join().unwrap(), Err(RpcError::Crashed));
    });
    assert_eq!(UNWOUND_AS[3].load(SeqCst), owner);
    assert_eq!(await_reclaims("insist-a", 1).len(), 1);
}

/// Kills a caller while it moves objects to a peer and back, one at a time. The peer is alive or dead.
fn dies_while_it_sends(gate: usize, names: [&str; 2], peer_is_dead: bool) {
    let _check = leak_check();
    let [(a, proxy), (b, _)] = pair(names[0], names[1]);
    let owner = owner_of(&a).index();
    if peer_is_dead {
        b.kill();
    }
    std::thread::scope(|scope| {
        let call = scope.spawn(|| proxy.keep_sending(gate));
        GATES[gate].wait();
        a.kill();
        assert_eq!(call.join().unwrap(), Err(RpcError::Crashed));
    });
    assert_eq!(UNWOUND_AS[gate].load(SeqCst), owner);
    // The reclaim frees two objects: the one that `init` returned, and the one that was refused or returned last. The
    // caller died before it dropped the latter, so the reclaim must free it.
    let released = await_reclaims(names[0], 1)[0];
    assert_eq!((released.objects, released.capabilities), (2, 1));
    assert!(peer_is_dead || b.kill());
    assert_eq!(
        await_reclaims(names[1], 1)[0].objects,
        1,
        "the peer must own its own object only"
    );
}

/// Invariant: LIFE-3
#[test]
fn refused_object_is_reclaimed_with_its_dead_caller() {
    dies_while_it_sends(4, ["refused-a", "refused-b"], true);
}

/// Invariant: LIFE-3
#[test]
fn result_for_a_dead_caller_is_reclaimed_with_it() {
    dies_while_it_sends(5, ["late-a", "late-b"], false);
}
