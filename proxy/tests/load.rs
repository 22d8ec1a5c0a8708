//! A domain that crashes under load from several threads: every call gets an answer, and nothing is left
//! behind.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, interface};
use samara_rref::RRef;
use samara_testkit::hosted::{Rng, Totals, alone, deaths, host, reclaims};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const THREADS: usize = 4;
const CALLS: usize = 400;

#[interface]
trait Store {
    /// Crashes if `crash`. Otherwise returns the object that it was given before, and keeps this one.
    fn swap(&self, object: RRef<[u64]>, crash: bool) -> Result<Option<RRef<[u64]>>, RpcError>;
    /// Crashes, and counts `READ_CRASHES[who]` down, as long as this count is not zero.
    #[idempotent]
    fn read(
        &self,
        who: usize,
        at: u64,
        #[scratch] buf: RRef<[u64]>,
    ) -> Result<RRef<[u64]>, RpcError>;
}

#[derive(Default)]
struct Last(Mutex<Option<RRef<[u64]>>>);

/// For each thread, the number of its next calls to `read` that crash. No call crashes because of another thread's
/// count.
static READ_CRASHES: [AtomicUsize; THREADS] = [const { AtomicUsize::new(0) }; THREADS];

impl Store for Last {
    fn swap(&self, object: RRef<[u64]>, crash: bool) -> Result<Option<RRef<[u64]>>, RpcError> {
        assert!(!crash, "asked to");
        // This lock is never found poisoned, because a panic that poisons the lock ends the generation to which it
        // belongs.
        Ok(self.0.lock().unwrap().replace(object))
    }
    fn read(&self, who: usize, at: u64, mut buf: RRef<[u64]>) -> Result<RRef<[u64]>, RpcError> {
        let spent = READ_CRASHES[who].try_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        assert!(spent.is_err(), "asked to");
        buf.fill(at);
        Ok(buf)
    }
}

fn init((): ()) -> Result<Last, RpcError> {
    Ok(Last::default())
}

fn spawn(name: &str) -> Domain<dyn Store> {
    let restart = Restart::limited(u32::MAX, Duration::from_secs(3600));
    host()
        .spawn(
            DomainSpec::new(name).restart(restart),
            init,
            Mint::nothing(),
        )
        .unwrap()
}

/// Invariant: LIFE-8
/// Failure: F-30
#[test]
fn moved_objects_under_crashes() {
    let _alone = alone();
    let before = Totals::now();
    let domain = spawn("swap");
    let crashed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS as u64)
            .map(|seed| {
                let shadow = domain.shadow().unwrap();
                scope.spawn(move || {
                    let mut rng = Rng::new(seed);
                    let mut crashed = 0;
                    for _ in 0..CALLS {
                        let tag = rng.below(1 << 20) as u64;
                        let object = RRef::try_from_fn(rng.below(40) + 1, |_| tag).unwrap();
                        match shadow.swap(object, rng.below(20) == 0) {
                            Ok(None) => {}
                            // Any of the threads may have stored this object. It must be whole, and must belong to
                            // the host again.
                            Ok(Some(object)) => {
                                assert!(object.iter().all(|word| *word == object[0]));
                                assert!(RRef::owner(&object).is_host());
                            }
                            Err(error) => {
                                assert_eq!(error, RpcError::Crashed);
                                crashed += 1;
                            }
                        }
                    }
                    crashed
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert!(crashed > THREADS);
    // Two calls that crash one generation together are one death.
    let died = deaths("swap").len();
    assert!(died <= crashed && died > 0);
    domain.kill();
    assert_eq!(Totals::now(), before);
    assert_eq!(reclaims("swap").len(), deaths("swap").len());
}

/// Failure: F-30
#[test]
fn idempotent_calls_under_crashes_all_succeed() {
    let _alone = alone();
    let before = Totals::now();
    let domain = spawn("read");
    std::thread::scope(|scope| {
        for (who, crashes) in READ_CRASHES.iter().enumerate() {
            let shadow = domain.shadow().unwrap();
            scope.spawn(move || {
                let mut rng = Rng::new(who as u64);
                for at in 0..CALLS as u64 {
                    if rng.below(25) == 0 {
                        crashes.store(1 + rng.below(3), SeqCst);
                    }
                    let buf = RRef::new_zeroed_slice(rng.below(3000) + 1).unwrap();
                    let length = buf.len();
                    let read = shadow.read(who, at, buf).unwrap();
                    assert_eq!(read.len(), length);
                    assert!(read.iter().all(|word| *word == at));
                }
            });
        }
    });
    assert!(domain.restarts() > 0);
    domain.kill();
    assert_eq!(Totals::now(), before);
}

/// A caller that waits for a restart sees a new generation, but this generation dies before the caller can call it.
///
/// Invariant: ORDER-30
/// Failure: F-30
#[test]
fn a_death_right_after_a_restart_fails_no_recovery() {
    const DEATHS: u32 = 3000;
    let _alone = alone();
    let before = Totals::now();
    let restart = Restart::limited(u32::MAX, Duration::from_secs(3600));
    let spec = DomainSpec::new("short-lived").restart(restart);
    // No caller waits in vain, however slow the machine is.
    let spec = spec.drain_timeout(Duration::from_secs(3600));
    let domain: Domain<dyn Store> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let (answered, failed) = (AtomicUsize::new(0), Mutex::new(None));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let shadow = domain.shadow().unwrap();
            let (domain, answered, failed) = (&domain, &answered, &failed);
            scope.spawn(move || {
                while domain.restarts() < DEATHS && failed.lock().unwrap().is_none() {
                    match shadow.swap(RRef::from_slice(&[1]), false) {
                        Ok(_) => {
                            answered.fetch_add(1, SeqCst);
                        }
                        Err(RpcError::Crashed) => {}
                        Err(error) => *failed.lock().unwrap() = Some(error),
                    }
                }
            });
        }
        // Each generation answers a call before it is killed, so no call is refused by too many in a row.
        let mut last = 0;
        while domain.restarts() < DEATHS && failed.lock().unwrap().is_none() {
            let now = answered.load(SeqCst);
            if now == last {
                std::thread::yield_now();
            } else {
                last = now;
                domain.kill();
            }
        }
    });
    assert_eq!(*failed.lock().unwrap(), None);
    domain.kill();
    host().reap();
    assert_eq!(Totals::now(), before);
}
