//! Attack: a domain calls a dying domain again and again. The refusal of each call wakes the host's reaper. The
//! thread must act for the host meanwhile, so that no cut leaves a lock of the host's taken.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::contain::Verdict;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System, spawn_reaper};
use samara_proxy::{Export, Proxy, interface};
use samara_testkit::contained::stepping;
use samara_testkit::hosted::{alone, host, wait_until, within};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Asks {
    fn ask(&self, dying: Proxy<dyn Dies>) -> Result<bool, RpcError>;
}
#[interface]
trait Dies {
    fn stay(&self) -> Result<(), RpcError>;
    fn ping(&self) -> Result<(), RpcError>;
}

struct SegmentRequester;
impl Asks for SegmentRequester {
    fn ask(&self, dying: Proxy<dyn Dies>) -> Result<bool, RpcError> {
        Ok(dying.ping() == Err(RpcError::Dead))
    }
}
static INSIDE: AtomicUsize = AtomicUsize::new(0);
static MAY_GO: AtomicBool = AtomicBool::new(false);
struct Dying;
impl Dies for Dying {
    fn stay(&self) -> Result<(), RpcError> {
        INSIDE.fetch_add(1, SeqCst);
        while !MAY_GO.load(SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
    fn ping(&self) -> Result<(), RpcError> {
        Ok(())
    }
}
fn asker((): ()) -> Result<SegmentRequester, RpcError> {
    Ok(SegmentRequester)
}
fn dying((): ()) -> Result<Dying, RpcError> {
    Ok(Dying)
}

/// Returns whether the host can still wake its reaper when another domain dies.
fn host_is_well() -> bool {
    let kill_another = || {
        let domain: Domain<dyn Dies> = host()
            .spawn(DomainSpec::new("other"), dying, Mint::nothing())
            .unwrap();
        domain.kill();
    };
    within(Duration::from_secs(3), kill_another).is_some()
}

/// Invariant: ORDER-15
#[test]
fn cut_while_waking_the_reaper_leaves_no_lock_taken() {
    let _alone = alone();
    let contained = stepping();
    let reaper = spawn_reaper();
    let dies: Domain<dyn Dies> = host()
        .spawn(DomainSpec::new("dying"), dying, Mint::nothing())
        .unwrap();
    let proxy = dies.proxy().unwrap();
    let inside = thread::spawn(move || proxy.stay());
    wait_until("the arrival", || INSIDE.load(SeqCst) == 1);
    let stale = dies.proxy().unwrap();
    dies.kill();

    let spec = DomainSpec::new("asker")
        .budget(Duration::from_micros(1))
        .restart(Restart::limited(u32::MAX, Duration::from_secs(1)));
    let asks: Domain<dyn Asks> = host().spawn(spec, asker, Mint::nothing()).unwrap();
    let (mut at, mut cuts) = (0, 0);
    loop {
        let proxy = asks.proxy().unwrap();
        let mut dying = Some(stale.try_clone().unwrap());
        let (_, stepped) = contained.step(at, false, || proxy.ask(dying.take().unwrap()));
        let Some(verdict) = stepped.verdict else {
            break;
        };
        if verdict == Verdict::Cut {
            cuts += 1;
            if !host_is_well() {
                eprintln!("cut at instruction {at}: the reaper's lock is taken for ever");
                std::process::exit(1);
            }
        }
        if asks.exit_reason().is_some() {
            asks.restart().unwrap();
        }
        // Optimised code is short enough for every instruction; a debug build is only sampled.
        at += if cfg!(debug_assertions) { 97 } else { 1 };
    }
    println!("{at} instructions, {cuts} cuts");
    MAY_GO.store(true, SeqCst);
    let _ = inside.join();
    drop(reaper);
}
