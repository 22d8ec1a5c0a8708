//! Attack: a domain makes recorded calls that fail, while its server has a long record of calls. For each of these
//! calls the host once searched through the record, and charged the time to no budget.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "reads the thread's clock")]

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Returns the CPU time of the running thread, so that other load on the machine does not count.
fn ran() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes the time to a `timespec` of this function's own.
    let done = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(done, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

const BUDGET: Duration = Duration::from_millis(20);

#[interface]
trait Store {
    #[replay]
    fn set(&self, value: u32) -> Result<u32, RpcError>;
}
struct Keeping;
impl Store for Keeping {
    fn set(&self, value: u32) -> Result<u32, RpcError> {
        if value == u32::MAX {
            return Err(RpcError::OutOfMemory);
        }
        Ok(value)
    }
}
fn keeping((): ()) -> Result<Keeping, RpcError> {
    Ok(Keeping)
}

#[interface]
trait Client {
    fn fill(&self, count: u32) -> Result<(), RpcError>;
    /// Repeats a call that fails, for three seconds of its thread's CPU time at most.
    fn hog(&self) -> Result<(), RpcError>;
}
struct Calling(Shadow<dyn Store>);
impl Client for Calling {
    fn fill(&self, count: u32) -> Result<(), RpcError> {
        for value in 0..count {
            self.0.set(value)?;
        }
        Ok(())
    }
    fn hog(&self) -> Result<(), RpcError> {
        let end = ran() + Duration::from_secs(3);
        while ran() < end {
            let _ = self.0.set(u32::MAX);
        }
        Ok(())
    }
}
fn calling(store: Shadow<dyn Store>) -> Result<Calling, RpcError> {
    Ok(Calling(store))
}

/// Invariant: HEAP-12
#[test]
fn calls_on_a_long_record_use_up_the_budget() {
    let _alone = alone();
    drop(contained(true));
    let spec = DomainSpec::new("store").replay_log(1 << 20);
    let store: Domain<dyn Store> = host().spawn(spec, keeping, Mint::nothing()).unwrap();
    let client = |spec: DomainSpec| {
        let of = store.clone();
        let domain: Domain<dyn Client> = host()
            .spawn(spec, calling, Mint::fallible(move || of.shadow()))
            .unwrap();
        domain
    };
    let filler = client(DomainSpec::new("filler").host_quota(32 << 20));
    filler.proxy().unwrap().fill(60_000).unwrap();
    let hog = client(DomainSpec::new("hog").budget(BUDGET));
    let (got, took) = thread::scope(|scope| {
        let run = || {
            let _contained = contained(true);
            let proxy = hog.proxy().unwrap();
            let began = ran();
            (proxy.hog(), ran() - began)
        };
        scope.spawn(run).join().unwrap()
    });
    hog.kill();
    filler.kill();
    store.kill();
    host().reap();
    println!("{got:?} after {took:?} of a budget of {BUDGET:?}");
    assert!(took < BUDGET * 10, "{took:?}");
}
