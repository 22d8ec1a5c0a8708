//! Attack: a domain dies with very many objects. Who allocates while they are freed waits for the lock of the heap,
//! on a budget of its own.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRef;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(20);

#[interface]
trait Hoard {
    fn hoard(&self, objects: usize) -> Result<u32, RpcError>;
}
#[derive(Default)]
struct Hoarding(Mutex<Vec<RRef<u64>>>);
impl Hoard for Hoarding {
    fn hoard(&self, objects: usize) -> Result<u32, RpcError> {
        let mut all = self.0.lock().map_err(|_| RpcError::Crashed)?;
        for at in 0..objects {
            all.push(RRef::try_new(at as u64).map_err(|_| RpcError::OutOfMemory)?);
        }
        Ok(all.len() as u32)
    }
}
fn hoarding((): ()) -> Result<Hoarding, RpcError> {
    Ok(Hoarding::default())
}

#[interface]
trait Work {
    fn work(&self, with: Proxy<dyn Work>) -> Result<u32, RpcError>;
}
struct Working;
impl Work for Working {
    fn work(&self, with: Proxy<dyn Work>) -> Result<u32, RpcError> {
        // More than a CPU's cache has: the registry is asked.
        let mut all = Vec::new();
        for at in 0..400 {
            all.push(RRef::try_new([at; 512]).map_err(|_| RpcError::OutOfMemory)?);
        }
        drop((all, with));
        Ok(1)
    }
}
fn working((): ()) -> Result<Working, RpcError> {
    Ok(Working)
}

static OVER: AtomicBool = AtomicBool::new(false);

fn attack(objects: usize) -> Option<String> {
    OVER.store(false, SeqCst);
    let spec = DomainSpec::new("hoard");
    let hoard: Domain<dyn Hoard> = host().spawn(spec, hoarding, Mint::nothing()).unwrap();
    let spec = DomainSpec::new("victim").budget(BUDGET);
    let victim: Domain<dyn Work> = host().spawn(spec, working, Mint::nothing()).unwrap();
    assert_eq!(hoard.proxy().unwrap().hoard(objects), Ok(objects as u32));
    let proxy = victim.proxy().unwrap();
    let longest = thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _contained = contained(true);
            let mut longest = Duration::ZERO;
            while !OVER.load(SeqCst) {
                let began = Instant::now();
                if proxy.work(proxy.try_clone().unwrap()).is_err() {
                    break;
                }
                longest = longest.max(began.elapsed());
            }
            longest
        });
        thread::sleep(Duration::from_millis(100));
        assert!(hoard.kill());
        host().reap();
        thread::sleep(Duration::from_millis(20));
        OVER.store(true, SeqCst);
        worker.join().unwrap()
    });
    let ended = victim
        .exit_reason()
        .map(|at| format!("{:?}: {}", at.kind, at.message));
    println!("{objects} objects: longest {longest:?}, victim {ended:?}");
    victim.kill();
    host().reap();
    ended
}

#[test]
fn who_allocates_while_a_hoard_is_reclaimed_lives_on() {
    let _alone = alone();
    drop(contained(true));
    for _ in 0..5 {
        assert_eq!(attack(0), None, "to compare");
    }
    assert_eq!(attack(12_000_000), None, "the victim has done nothing");
}
