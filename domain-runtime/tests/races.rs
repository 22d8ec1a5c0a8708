//! Kills, stops, restarts and reapers against calls, from several threads: bounded loops, then the totals. Every test
//! here compares the totals of the whole process.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_rref::{Cap, RRef};
use samara_testkit::hosted::{Counts, Gate, Rng, Tally, Totals, alone, deaths, host, reclaims};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::scope;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Echo {
    fn echo(&self, object: RRef<RRef<u64>>) -> Result<RRef<RRef<u64>>, RpcError>;
    fn borrow(&self, object: &RRef<RRef<u64>>) -> Result<u64, RpcError>;
    fn keep(&self, object: RRef<RRef<u64>>, device: Cap<Tally>) -> Result<(), RpcError>;
    /// Passes the call on through `depth` more domains. Each of them holds an object of its own meanwhile.
    fn relay(&self, depth: u64, object: RRef<RRef<u64>>) -> Result<RRef<RRef<u64>>, RpcError>;
    fn learn(&self, peer: Shadow<dyn Echo>) -> Result<(), RpcError>;
}

type HostResource = (RRef<RRef<u64>>, Cap<Tally>);

#[derive(Default)]
struct State {
    resources: Mutex<Vec<HostResource>>,
    peer: Mutex<Option<Shadow<dyn Echo>>>,
}

impl Echo for State {
    fn echo(&self, object: RRef<RRef<u64>>) -> Result<RRef<RRef<u64>>, RpcError> {
        Ok(object)
    }
    fn borrow(&self, object: &RRef<RRef<u64>>) -> Result<u64, RpcError> {
        Ok(***object)
    }
    fn keep(&self, object: RRef<RRef<u64>>, device: Cap<Tally>) -> Result<(), RpcError> {
        self.resources.lock().unwrap().push((object, device));
        Ok(())
    }
    fn relay(&self, depth: u64, object: RRef<RRef<u64>>) -> Result<RRef<RRef<u64>>, RpcError> {
        let own = RRef::new(**object);
        let peer = match &*self.peer.lock().unwrap() {
            Some(peer) => peer.try_clone()?,
            None => return Ok(object),
        };
        match depth.checked_sub(1) {
            Some(depth) => {
                let back = peer.relay(depth, object)?;
                assert_eq!(**back, *own);
                Ok(back)
            }
            None => Ok(object),
        }
    }
    fn learn(&self, peer: Shadow<dyn Echo>) -> Result<(), RpcError> {
        *self.peer.lock().unwrap() = Some(peer);
        Ok(())
    }
}

fn init((): ()) -> Result<State, RpcError> {
    Ok(State::default())
}

fn spawn(name: &str) -> Domain<dyn Echo> {
    let restart = Restart::limited(u32::MAX, Duration::from_secs(3600));
    host()
        .spawn(
            DomainSpec::new(name).restart(restart),
            init,
            Mint::nothing(),
        )
        .unwrap()
}

fn pair(value: usize) -> RRef<RRef<u64>> {
    RRef::new(RRef::new(value as u64))
}

/// Makes one call of any kind. The call must give the object back or return an error.
fn any_call(rng: &mut Rng, proxy: &impl Echo) -> Result<(), RpcError> {
    let value = rng.below(1000);
    match rng.below(3) {
        0 => proxy
            .echo(pair(value))
            .map(|back| assert_eq!(**back, value as u64)),
        1 => {
            let lent = pair(value);
            let read = proxy.borrow(&lent);
            assert_eq!((**lent, RRef::owner(&lent).is_host()), (value as u64, true));
            read.map(|read| assert_eq!(read, value as u64))
        }
        _ => proxy
            .relay(2, pair(value))
            .map(|back| assert_eq!(**back, value as u64)),
    }
}

/// Invariant: LIFE-9
/// Failure: F-27
#[test]
fn a_kill_from_several_threads_is_one_death() {
    let _alone = alone();
    let before = Totals::now();
    for round in 0..200 {
        let name = format!("several-{round}");
        let (domain, gate, kills) = (spawn(&name), Gate::new(3), AtomicUsize::new(0));
        scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    gate.wait();
                    kills.fetch_add(usize::from(domain.kill()), SeqCst);
                    host().reap();
                });
            }
        });
        assert_eq!(kills.load(SeqCst), 1);
        assert_eq!((deaths(&name).len(), reclaims(&name).len()), (1, 1));
    }
    assert_eq!(Totals::now(), before);
}

/// Invariant: LIFE-1
/// Failure: F-27
#[test]
fn calls_against_kills_restarts_and_reapers() {
    let _alone = alone();
    let before = Totals::now();
    let domain = spawn("kills");
    let answered = AtomicUsize::new(0);
    scope(|scope| {
        for seed in 0..3 {
            let (domain, answered) = (domain.clone(), &answered);
            scope.spawn(move || {
                let mut rng = Rng::new(seed);
                let shadow = domain.shadow().unwrap();
                let mut old: Proxy<dyn Echo> = domain.proxy().unwrap();
                for _ in 0..1500 {
                    match any_call(&mut rng, &old) {
                        Ok(()) => drop(answered.fetch_add(1, SeqCst)),
                        Err(error) => {
                            assert_eq!(error, RpcError::Dead);
                            old = domain.proxy().unwrap();
                        }
                    }
                    // No domain here crashes by itself, so a shadow's call succeeds in some generation.
                    any_call(&mut rng, &shadow).unwrap();
                }
            });
        }
        scope.spawn(|| {
            let mut rng = Rng::new(99);
            for _ in 0..400 {
                match rng.below(3) {
                    0 => drop(domain.kill()),
                    1 => drop(host().reap()),
                    _ => domain.restart().unwrap(),
                }
                std::thread::yield_now();
            }
        });
    });
    assert!(answered.load(SeqCst) > 0 && domain.restarts() > 100);
    domain.kill();
    assert_eq!(Totals::now(), before);
    // Every generation died once and was reclaimed once.
    let mut generations: Vec<_> = reclaims("kills")
        .iter()
        .map(|at| (at.id, at.generation))
        .collect();
    let count = generations.len();
    generations.sort_unstable();
    generations.dedup();
    assert_eq!((generations.len(), deaths("kills").len()), (count, count));
}

/// Invariant: LIFE-2
#[test]
fn objects_given_to_a_domain_that_is_being_killed() {
    static COUNTS: [Counts; 40] = [const { Counts::new() }; 40];
    let _alone = alone();
    let before = Totals::now();
    for counts in &COUNTS {
        let (domain, gate) = (spawn("given"), Gate::new(3));
        scope(|scope| {
            for giver in 0..2 {
                let (proxy, gate) = (domain.proxy().unwrap(), &gate);
                scope.spawn(move || {
                    gate.wait();
                    for at in 0..20 {
                        let device = Cap::try_new(Tally::new(counts, giver * 20 + at)).unwrap();
                        let given = proxy.keep(pair(1), device);
                        assert!(matches!(given, Ok(()) | Err(RpcError::Dead)));
                    }
                });
            }
            gate.wait();
            domain.kill();
        });
        host().reap();
        // Each device is either kept and reclaimed, or refused and dropped. In both cases it is released exactly
        // once.
        assert_eq!((counts.released(), counts.faults()), (40, 0));
    }
    assert_eq!(Totals::now(), before);
}

/// Invariant: LIFE-15
/// Failure: F-27
#[test]
fn a_stop_against_calls_and_kills() {
    let _alone = alone();
    let before = Totals::now();
    for round in 0..100 {
        let domain = spawn("stop");
        let gate = Gate::new(3);
        scope(|scope| {
            scope.spawn(|| {
                let (proxy, mut rng) = (domain.proxy().unwrap(), Rng::new(round));
                gate.wait();
                while any_call(&mut rng, &proxy).is_ok() {}
            });
            scope.spawn(|| {
                gate.wait();
                if round % 2 == 0 {
                    domain.kill();
                }
            });
            gate.wait();
            assert_eq!(domain.stop(Duration::from_secs(120)), Ok(()));
        });
    }
    assert_eq!(Totals::now(), before);
    assert_eq!(reclaims("stop").len(), 100);
}

/// Invariant: RECOVER-7
#[test]
fn a_ring_of_shadows_with_kills_everywhere() {
    let _alone = alone();
    let before = Totals::now();
    let ring: Vec<_> = (0..3).map(|at| spawn(&format!("ring-{at}"))).collect();
    let learn = |at: usize| {
        // A new generation knows no peer. So this tells it its peer again. The call may fail if the generation dies
        // before.
        let peer = ring[(at + 1) % 3].shadow().unwrap();
        let _ = ring[at].shadow().unwrap().learn(peer);
    };
    (0..3).for_each(learn);
    scope(|scope| {
        for seed in 0..2_u64 {
            let shadow = ring[seed as usize].shadow().unwrap();
            scope.spawn(move || {
                let mut rng = Rng::new(seed);
                for _ in 0..400 {
                    // The call fails with `Crashed` if a domain on the chain was killed, and with `OnOwnChain` if a
                    // shadow would have to restart a domain that is itself on the chain.
                    let outcome = shadow
                        .relay(rng.below(8) as u64, pair(5))
                        .map(|back| **back);
                    assert!(
                        matches!(
                            outcome,
                            Ok(5) | Err(RpcError::Crashed | RpcError::OnOwnChain)
                        ),
                        "{outcome:?}"
                    );
                }
            });
        }
        scope.spawn(|| {
            let mut rng = Rng::new(7);
            for _ in 0..200 {
                let at = rng.below(3);
                ring[at].kill();
                learn(at);
                std::thread::yield_now();
            }
        });
    });
    for domain in &ring {
        domain.kill();
    }
    assert_eq!(Totals::now(), before);
}
