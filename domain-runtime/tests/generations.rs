//! Generations of a slot: a dead generation stays dead, and its handle reveals nothing of the next one.

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart, state::State};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRef;
use samara_testkit::hosted::{Gate, Totals, alone, host, owner_of, reclaims};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Vault {
    fn name(&self) -> Result<u64, RpcError>;
    fn keep(&self, object: RRef<u64>) -> Result<(), RpcError>;
}

struct Keeping(u64, Mutex<Vec<RRef<u64>>>);

impl Vault for Keeping {
    fn name(&self) -> Result<u64, RpcError> {
        Ok(self.0)
    }
    fn keep(&self, object: RRef<u64>) -> Result<(), RpcError> {
        self.1.lock().unwrap().push(object);
        Ok(())
    }
}

fn init(name: u64) -> Result<Keeping, RpcError> {
    Ok(Keeping(name, Mutex::default()))
}

fn spawn(name: &str, number: u64) -> (Domain<dyn Vault>, Proxy<dyn Vault>) {
    let restart = Restart::limited(u32::MAX, Duration::from_secs(3600));
    let spec = DomainSpec::new(name).restart(restart);
    let domain: Domain<dyn Vault> = host().spawn(spec, init, Mint::of(move || number)).unwrap();
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

/// Invariant: LIFE-1
/// Failure: F-27
#[test]
fn dead_proxies_stay_dead_when_the_slot_is_reused() {
    let _alone = alone();
    let before = Totals::now();
    let mut old: Vec<Proxy<dyn Vault>> = Vec::new();
    let mut slots = Vec::new();
    for number in 0..300 {
        let (domain, proxy) = spawn(&format!("vault-{number}"), number);
        slots.push((owner_of(&domain).index(), domain.info().generation));
        assert_eq!(proxy.name(), Ok(number));
        for dead in &old {
            assert_eq!(dead.name(), Err(RpcError::Dead));
            assert_eq!(dead.keep(RRef::new(1)), Err(RpcError::Dead));
            assert!(!dead.is_alive());
        }
        old.push(proxy);
        domain.kill();
        assert_eq!(
            host().reap() + reclaims(&format!("vault-{number}")).len(),
            1
        );
    }
    // Each start took the same slot and the next generation of it.
    assert!(
        slots
            .windows(2)
            .all(|pair| pair[0].0 == pair[1].0 && pair[0].1 + 1 == pair[1].1)
    );
    drop(old);
    assert_eq!(Totals::now(), before);
}

/// Invariant: LIFE-11
#[test]
fn dead_domains_handle_says_nothing_of_its_successor() {
    let _alone = alone();
    let (first, _) = spawn("first", 1);
    let generation = first.info().generation;
    first.kill();
    assert_eq!(first.exit_reason().unwrap().kind, ExitKind::Killed);
    let (second, proxy) = spawn("second", 2);
    assert_eq!(
        owner_of(&first),
        owner_of(&second),
        "the second domain has the slot"
    );
    proxy.keep(RRef::new(5)).unwrap();

    let info = first.info();
    assert_eq!(
        (info.name.as_str(), info.state, info.generation),
        ("first", State::Free, generation)
    );
    assert_eq!((info.objects, info.private_bytes, info.calls), (0, 0, 0));
    // The end of the first domain is still known, although another domain has the slot now.
    assert_eq!(first.exit_reason().unwrap().kind, ExitKind::Killed);
    assert_eq!(second.exit_reason(), None);
    assert_eq!(second.info().objects, 2);
    // A kill by the dead domain's handle does not reach the living domain.
    assert!(!first.kill());
    assert_eq!(proxy.name(), Ok(2));
    // The restart of the dead domain takes another slot.
    first.restart().unwrap();
    assert_ne!(owner_of(&first), owner_of(&second));
    assert_eq!(first.proxy().unwrap().name(), Ok(1));
    first.kill();
    second.kill();
}

#[test]
fn objects_do_not_pass_to_the_next_generation() {
    let _alone = alone();
    let before = Totals::now();
    let (domain, proxy) = spawn("owned", 1);
    for kept in 0..100 {
        proxy.keep(RRef::new(kept)).unwrap();
    }
    assert_eq!(domain.info().objects, 101);
    domain.restart().unwrap();
    assert_eq!(
        (domain.info().objects, domain.info().calls),
        (1, 1),
        "the call of init and its value"
    );
    domain.kill();
    drop(proxy);
    assert_eq!(Totals::now(), before);
}

/// A kill once noted its reason after it had changed the state to `Stopping`. If the reaper ran in between, the next
/// generation began with that reason.
///
/// Invariant: LIFE-11
#[test]
fn no_generation_begins_with_its_predecessors_reason() {
    let _alone = alone();
    const ROUNDS: u32 = 100;
    let (domain, _) = spawn("reasons", 1);
    let shadow = domain.shadow().unwrap();
    let gate = Gate::new(2);
    let done = AtomicBool::new(false);
    // Errors are counted, not asserted: a panic here would leave the other threads waiting at the gate.
    let mut wrong = 0;
    std::thread::scope(|scope| {
        // These threads read the reason all the time, so that the killer often waits before it can note the reason.
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    let target = domain.service().current().target();
                    let _ = target.block().reason(target.expected().generation());
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                gate.wait();
                domain.kill();
                gate.wait();
            }
        });
        for round in 1..=ROUNDS {
            gate.wait();
            // Each call may reclaim the old generation and start the next one while the killer is still inside
            // `kill`.
            while domain.restarts() < round {
                wrong += u32::from(shadow.name() != Ok(1));
            }
            gate.wait();
            wrong += u32::from(domain.exit_reason().is_some());
            let target = domain.service().current().target();
            let reason = target.block().reason(target.expected().generation());
            wrong += u32::from(reason.is_some());
        }
        done.store(true, Relaxed);
    });
    assert_eq!(wrong, 0);
    domain.kill();
}
