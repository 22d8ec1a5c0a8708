//! Attack: a client has recorded calls that take long to replay, so a start of the server takes long. The time of a
//! start that succeeds is not charged to the domain that makes it. But another client that called the server
//! meanwhile once waited for the start on its own budget, and died.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, deaths, host, wait_until};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(100);
/// The time of one replayed call, within the server's budget.
const SLOW: Duration = Duration::from_millis(50);
/// The number of recorded calls.
const RECORDS: u32 = 10;

static MOUNTS: AtomicU32 = AtomicU32::new(0);
static IS_SLOW: AtomicBool = AtomicBool::new(false);

#[interface]
trait Files {
    #[replay]
    fn mount(&self, volume: u32) -> Result<u32, RpcError>;
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
struct Serving;
impl Files for Serving {
    fn mount(&self, _: u32) -> Result<u32, RpcError> {
        MOUNTS.fetch_add(1, SeqCst);
        let began = Instant::now();
        while IS_SLOW.load(SeqCst) && began.elapsed() < SLOW {
            std::hint::spin_loop();
        }
        Ok(1)
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}

#[interface]
trait Client {
    fn mount(&self) -> Result<u32, RpcError>;
    fn status(&self) -> Result<u32, RpcError>;
}
struct Asking(Shadow<dyn Files>);
impl Client for Asking {
    fn mount(&self) -> Result<u32, RpcError> {
        self.0.mount(1)
    }
    fn status(&self) -> Result<u32, RpcError> {
        self.0.status()
    }
}

/// Invariant: ORDER-27
#[test]
fn asker_during_anothers_start_is_refused() {
    let _alone = alone();
    let _contained = contained(true);
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("files").restart(restart).budget(8 * BUDGET);
    let init = |()| Ok::<_, RpcError>(Serving);
    let files: Domain<dyn Files> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let client = |name| -> Domain<dyn Client> {
        let of = files.clone();
        let mint = Mint::fallible(move || of.shadow());
        let init = |of| Ok::<_, RpcError>(Asking(of));
        let spec = DomainSpec::new(name).budget(BUDGET);
        host().spawn(spec, init, mint).unwrap()
    };
    let (attacker, victim) = (client("attacker"), client("victim"));
    for _ in 0..RECORDS {
        assert_eq!(attacker.proxy().unwrap().mount(), Ok(1));
    }
    IS_SLOW.store(true, SeqCst);
    assert!(files.kill());
    let before = MOUNTS.load(SeqCst);
    let first = attacker.proxy().unwrap();
    let first = thread::spawn(move || {
        let _contained = contained(true);
        first.status()
    });
    wait_until("the start", || MOUNTS.load(SeqCst) > before);
    let second = victim.proxy().unwrap().status();
    let made = MOUNTS.load(SeqCst) - before;
    let first = first.join().unwrap();
    let later = victim.proxy().map(|victim| victim.status());
    let died = [deaths("attacker"), deaths("victim")].concat();
    for domain in [attacker, victim] {
        domain.kill();
    }
    files.kill();
    host().reap();
    assert!(died.is_empty(), "{second:?}: {died:?}");
    assert_eq!(first, Ok(7));
    assert_eq!(
        second,
        Err(RpcError::RecoveryFailed),
        "{made} of {RECORDS} made"
    );
    assert_eq!(later, Ok(Ok(7)));
}
