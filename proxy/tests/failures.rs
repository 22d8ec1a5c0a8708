//! Calls that fail, and their effects on the arguments, the panic's payload and the caller.

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRef;
use samara_shared_heap::{Owner, heap, thread};
use samara_testkit::hosted::{await_reclaims, deaths, host, leak_check, owner_of, watch};
use std::panic::panic_any;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Victim {
    fn ping(&self) -> Result<u32, RpcError>;
    /// Panics while its arguments are still in its frame.
    fn die_holding(&self, object: RRef<RRef<u64>>, me: Proxy<dyn Victim>) -> Result<(), RpcError>;
    /// Stores its arguments in its state, then panics.
    fn die_keeping(&self, object: RRef<[RRef<u64>]>, me: Proxy<dyn Victim>)
    -> Result<(), RpcError>;
    /// Panics while it holds a borrow.
    fn die_reading(&self, object: &RRef<RRef<u64>>) -> Result<u64, RpcError>;
    /// Panics in a destructor, outside any unwinding.
    fn die_dropping(&self) -> Result<(), RpcError>;
    /// Panics with a payload whose destructor panics, `depth` levels deep.
    fn die_of_payload(&self, depth: usize) -> Result<(), RpcError>;
    fn die_saying(&self, letters: usize) -> Result<(), RpcError>;
    /// Calls the dead `victim` with objects of this domain. Returns how many objects and how many capabilities the
    /// domain has lost by the call.
    fn call_dead(&self, victim: Proxy<dyn Victim>) -> Result<[usize; 2], RpcError>;
    fn make_then_die(&self) -> Result<RRef<u64>, RpcError>;
}

type Kept = Mutex<Vec<(RRef<[RRef<u64>]>, Proxy<dyn Victim>)>>;

#[derive(Default)]
struct Fragile(Kept);

struct DropBomb;
impl Drop for DropBomb {
    fn drop(&mut self) {
        panic!("a destructor panics");
    }
}

/// The owner for which the payload below was last dropped, and the number of payloads that were dropped.
static PAYLOAD_OWNER: AtomicUsize = AtomicUsize::new(usize::MAX);
static PAYLOADS_DROPPED: AtomicUsize = AtomicUsize::new(0);

/// A payload whose destructor panics with the next payload, as long as `depth` is not zero.
struct Payload {
    depth: usize,
    /// The text lies in private memory, which must still exist when the destructor runs.
    text: String,
}

impl Drop for Payload {
    fn drop(&mut self) {
        assert_eq!(self.text, "private");
        PAYLOAD_OWNER.store(thread::current().owner().index(), SeqCst);
        PAYLOADS_DROPPED.fetch_add(1, SeqCst);
        if let Some(depth) = self.depth.checked_sub(1) {
            panic_any(Self::new(depth));
        }
    }
}

impl Payload {
    fn new(depth: usize) -> Self {
        Self {
            depth,
            text: "private".to_string(),
        }
    }
}

impl Victim for Fragile {
    fn ping(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
    fn die_holding(&self, object: RRef<RRef<u64>>, me: Proxy<dyn Victim>) -> Result<(), RpcError> {
        assert!(me.is_alive());
        panic!("holding {}", **object);
    }
    fn die_keeping(
        &self,
        object: RRef<[RRef<u64>]>,
        me: Proxy<dyn Victim>,
    ) -> Result<(), RpcError> {
        self.0.lock().unwrap().push((object, me));
        panic!("keeping");
    }
    fn die_reading(&self, object: &RRef<RRef<u64>>) -> Result<u64, RpcError> {
        assert_eq!(***object, 0, "reading");
        Ok(***object)
    }
    fn die_dropping(&self) -> Result<(), RpcError> {
        drop(DropBomb);
        Ok(())
    }
    fn die_of_payload(&self, depth: usize) -> Result<(), RpcError> {
        panic_any(Payload::new(depth));
    }
    fn die_saying(&self, letters: usize) -> Result<(), RpcError> {
        panic!("{}", "ä".repeat(letters));
    }
    fn call_dead(&self, victim: Proxy<dyn Victim>) -> Result<[usize; 2], RpcError> {
        let me = thread::current().owner();
        let arguments = (RRef::new(RRef::new(3)), victim.try_clone()?);
        let before = heap::census(me);
        let refused = victim.die_holding(arguments.0, arguments.1);
        assert_eq!(refused, Err(RpcError::Dead));
        let after = heap::census(me);
        Ok([
            before.objects - after.objects,
            before.capabilities - after.capabilities,
        ])
    }
    fn make_then_die(&self) -> Result<RRef<u64>, RpcError> {
        let result = RRef::new(9);
        assert_eq!(*result, 0, "with a result made");
        Ok(result)
    }
}

fn init((): ()) -> Result<Fragile, RpcError> {
    Ok(Fragile::default())
}

fn spawn(name: &str) -> (Domain<dyn Victim>, Proxy<dyn Victim>) {
    let spec = DomainSpec::new(name).restart(Restart::limited(1, Duration::from_secs(60)));
    let domain: Domain<dyn Victim> = host().spawn(spec, init, Mint::nothing()).unwrap();
    watch(&domain);
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

/// Invariant: LIFE-4
/// Failure: F-22
#[test]
fn callee_drops_moved_arguments_when_it_panics() {
    let _check = leak_check();
    let (_, proxy) = spawn("holding");
    let argument = proxy.try_clone().unwrap();
    let outcome = proxy.die_holding(RRef::new(RRef::new(1)), argument);
    assert_eq!(outcome, Err(RpcError::Crashed));
    let reason = deaths("holding")[0];
    assert_eq!(
        (reason.kind, reason.message.as_str()),
        (ExitKind::Panic, "holding 1")
    );
    assert!(reason.place.as_str().contains("failures.rs:"));
    // Unwinding dropped the arguments; only the value that `init` returned was left to reclaim.
    let released = await_reclaims("holding", 1)[0];
    assert_eq!((released.objects, released.capabilities), (1, 0));
}

/// Invariant: LIFE-8
/// Failure: F-22
#[test]
fn moved_arguments_that_the_callee_kept_die_with_it() {
    let _check = leak_check();
    let (_, proxy) = spawn("keeping");
    let argument = proxy.try_clone().unwrap();
    let many = RRef::try_from_fn(10, |at| RRef::new(at as u64)).unwrap();
    assert_eq!(proxy.die_keeping(many, argument), Err(RpcError::Crashed));
    let released = await_reclaims("keeping", 1)[0];
    assert_eq!((released.objects, released.capabilities), (1 + 1 + 10, 1));
}

/// Invariant: LIFE-8
/// Failure: F-22
#[test]
fn an_unreturned_result_dies_with_its_maker() {
    let _check = leak_check();
    let (_, proxy) = spawn("result");
    assert_eq!(proxy.make_then_die().map(|_| ()), Err(RpcError::Crashed));
    assert_eq!(await_reclaims("result", 1)[0].objects, 1);
}

/// Invariant: LIFE-8
/// Failure: F-23
#[test]
fn a_lent_object_survives_the_borrower() {
    let _check = leak_check();
    let (_, proxy) = spawn("reading");
    let object = RRef::new(RRef::new(5));
    assert_eq!(proxy.die_reading(&object), Err(RpcError::Crashed));
    assert_eq!(await_reclaims("reading", 1)[0].objects, 1);
    assert_eq!(**object, 5);
    assert_eq!(RRef::owner(&object), Owner::HOST);
    assert_eq!(RRef::owner(&*object), Owner::HOST);
}

/// Invariant: LIFE-8
/// Failure: F-24
#[test]
fn a_refused_call_drops_its_arguments_as_the_callers() {
    let _check = leak_check();
    let (dead, dead_proxy) = spawn("refused-dead");
    let (caller, proxy) = spawn("refused-caller");
    dead.kill();
    assert_eq!(await_reclaims("refused-dead", 1).len(), 1);
    // The two objects and the capability belonged to the caller before the call, and the refused call has freed them.
    assert_eq!(proxy.call_dead(dead_proxy), Ok([2, 1]));
    assert_eq!(heap::census(owner_of(&caller)).capabilities, 0);
    caller.kill();
}

/// Invariant: LIFE-4
/// Failure: F-2
#[test]
fn a_panic_in_a_destructor_is_contained() {
    let _check = leak_check();
    let (_, proxy) = spawn("dropping");
    assert_eq!(proxy.die_dropping(), Err(RpcError::Crashed));
    assert_eq!(
        deaths("dropping")[0].message.as_str(),
        "a destructor panics"
    );
    assert_eq!(proxy.ping(), Err(RpcError::Dead));
    assert_eq!(await_reclaims("dropping", 1).len(), 1);
}

/// All depths are tested in one test, since they share the statics of the payloads.
///
/// Invariant: LIFE-5
/// Failure: F-5
#[test]
fn payload_is_dropped_inside_before_the_error_returns() {
    let _check = leak_check();
    for depth in 0..4 {
        let name = format!("payload-{depth}");
        let (domain, proxy) = spawn(&name);
        let owner = owner_of(&domain).index();
        PAYLOAD_OWNER.store(usize::MAX, SeqCst);
        PAYLOADS_DROPPED.store(0, SeqCst);
        assert_eq!(proxy.die_of_payload(depth), Err(RpcError::Crashed));
        // The payload was dropped before the call returned. The reclaim has not dropped it, because nothing reaps
        // between the call and this check.
        assert_eq!(PAYLOAD_OWNER.load(SeqCst), owner, "depth {depth}");
        // The payload of a destructor's panic is not dropped, because such drops could go on without end.
        assert_eq!(PAYLOADS_DROPPED.load(SeqCst), 1);
        let reason = deaths(&name)[0];
        assert_eq!(reason.message.as_str(), "(a panic without a message)");
        // The payload that was not dropped lay in the private heap, which was freed as a whole.
        let released = await_reclaims(&name, 1)[0];
        assert!(released.private_bytes > 0);
    }
}

#[test]
fn a_long_message_is_cut_and_kept_by_value() {
    let _check = leak_check();
    let (_, proxy) = spawn("saying");
    assert_eq!(proxy.die_saying(10_000), Err(RpcError::Crashed));
    let reasons = deaths("saying");
    assert_eq!(await_reclaims("saying", 1).len(), 1);
    // The text outlives the memory in which it was made.
    let message = reasons[0].message;
    assert_eq!(message.as_str(), "ä".repeat(message.as_str().len() / 2));
    assert!(message.as_str().len() >= 100);
    assert_eq!(reasons.len(), 1);
}
