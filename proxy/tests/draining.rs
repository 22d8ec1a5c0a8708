//! Restarts while calls are still inside the old generation.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, SpawnError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRef;
use samara_testkit::hosted::{Gate, await_reclaims, host, owner_of, reclaims};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Slow {
    fn quick(&self) -> Result<u64, RpcError>;
    /// Waits twice at the gate. Returns the object that it is given and the number of its generation.
    fn slow(&self, gate: usize, object: RRef<u64>) -> Result<(RRef<u64>, u64), RpcError>;
}

/// The number of the generation, which `init` gets as its argument, and an object of its own.
struct Numbered(u64, RRef<u64>);

static GATES: [Gate; 12] = [const { Gate::new(2) }; 12];

impl Slow for Numbered {
    fn quick(&self) -> Result<u64, RpcError> {
        Ok(self.0)
    }
    fn slow(&self, gate: usize, object: RRef<u64>) -> Result<(RRef<u64>, u64), RpcError> {
        GATES[gate].wait();
        GATES[gate].wait();
        Ok((object, *self.1))
    }
}

fn init(number: u64) -> Result<Numbered, RpcError> {
    Ok(Numbered(number, RRef::new(number)))
}

/// A domain whose recoveries do not wait for old calls.
fn spawn(name: &str, mint: Mint<u64>) -> (Domain<dyn Slow>, Proxy<dyn Slow>) {
    let spec = DomainSpec::new(name)
        .restart(Restart::limited(10, Duration::from_secs(3600)))
        .drain_timeout(Duration::ZERO);
    let domain: Domain<dyn Slow> = host().spawn(spec, init, mint).unwrap();
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

fn counting(count: &'static AtomicUsize) -> Mint<u64> {
    Mint::of(|| count.fetch_add(1, SeqCst) as u64)
}

/// Invariant: LIFE-2
#[test]
fn new_generation_has_own_slot_while_the_old_drains() {
    static STARTS: AtomicUsize = AtomicUsize::new(0);
    let (domain, old) = spawn("overlap", counting(&STARTS));
    let first = owner_of(&domain);
    std::thread::scope(|scope| {
        let call = scope.spawn(|| old.slow(0, RRef::new(8)));
        GATES[0].wait();
        domain.restart().unwrap();
        assert_ne!(owner_of(&domain), first);
        assert!(reclaims("overlap").is_empty());
        assert_eq!(domain.proxy().unwrap().quick(), Ok(1));
        assert_eq!(old.quick(), Err(RpcError::Dead));
        GATES[0].wait();
        // The old generation's memory existed until the call ended.
        let (object, number) = call.join().unwrap().unwrap();
        assert_eq!((*object, number, RRef::owner(&object).index()), (8, 0, 0));
    });
    assert_eq!(await_reclaims("overlap", 1)[0].id, first.index());
    assert_eq!(domain.proxy().unwrap().quick(), Ok(1));
    domain.kill();
}

/// Invariant: RECOVER-2
#[test]
fn a_shadow_recovers_past_a_call_that_hangs() {
    static STARTS: AtomicUsize = AtomicUsize::new(0);
    let (domain, old) = spawn("hangs", counting(&STARTS));
    let shadow = domain.shadow().unwrap();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| old.slow(1, RRef::new(8)).map(|(_, number)| number));
        GATES[1].wait();
        for number in 1..5 {
            domain.kill();
            assert_eq!(shadow.quick(), Ok(number));
        }
        GATES[1].wait();
        assert_eq!(call.join().unwrap(), Ok(0));
    });
    domain.kill();
    assert_eq!(await_reclaims("hangs", 5).len(), 5);
}

/// Invariant: RECOVER-2
#[test]
fn recipe_fails_while_old_generation_holds_the_device() {
    // The device can be claimed while `FREE` is not zero.
    static FREE: AtomicUsize = AtomicUsize::new(1);
    let mint =
        Mint::fallible(
            || match FREE.try_update(SeqCst, SeqCst, |free| free.checked_sub(1)) {
                Ok(_) => Ok(0),
                Err(_) => Err("claimed by the old generation"),
            },
        );
    let (domain, old) = spawn("claims", mint);
    let shadow = domain.shadow().unwrap();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| old.slow(2, RRef::new(8)).map(|_| ()));
        GATES[2].wait();
        domain.kill();
        assert_eq!(domain.restart(), Err(SpawnError::StillDraining));
        assert_eq!(shadow.quick(), Err(RpcError::RecoveryFailed));
        GATES[2].wait();
        assert_eq!(call.join().unwrap(), Ok(()));
    });
    FREE.store(1, SeqCst);
    assert_eq!(shadow.quick(), Ok(0));
    domain.kill();
}

/// Generations with a call inside keep their slots. A client that had a service restarted again and again once took
/// all slots in this way, and no domain could be started any more.
///
/// Invariant: HEAP-16
#[test]
fn a_name_keeps_at_most_nine_slots() {
    static STARTS: AtomicUsize = AtomicUsize::new(0);
    let (domain, _) = spawn("lagging", counting(&STARTS));
    let shadow = domain.shadow().unwrap();
    std::thread::scope(|scope| {
        for (gate, is_inside) in GATES.iter().enumerate().skip(3) {
            let proxy = domain.proxy().unwrap();
            scope.spawn(move || proxy.slow(gate, RRef::new(8)).map(|_| ()));
            is_inside.wait();
            domain.kill();
            let expected = if gate < 11 {
                Ok(gate as u64 - 2)
            } else {
                Err(RpcError::RecoveryFailed)
            };
            assert_eq!(shadow.quick(), expected, "{gate}");
        }
        assert_eq!(domain.restart(), Err(SpawnError::StillDraining));
        GATES[5].wait();
        let _one = await_reclaims("lagging", 1);
        assert_eq!(shadow.quick(), Ok(9));
        for (gate, may_leave) in GATES.iter().enumerate().skip(3) {
            if gate != 5 {
                may_leave.wait();
            }
        }
    });
    domain.kill();
    assert_eq!(await_reclaims("lagging", 10).len(), 10);
}
