//! A failure of a domain's code kills only that domain: CPU faults, stack overflows, panics in destructors, loops
//! without end.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use samara::runtime::ExitKind;
use spin::Mutex;

use super::crashing_domain::{HANGING, Mortal, Way, spawn, spawn_with};
use super::kernel_tests;
use super::threads::{FastTick, start};
use super::totals::settled_frames;
use crate::mm::image;
use crate::thread::request;
use crate::time;

fn stop(domain: &Domain<dyn Mortal>) {
    domain
        .stop(Duration::from_secs(5))
        .expect("no thread is inside");
}

fn is_clean() -> bool {
    let flags = x86_64::registers::rflags::read_raw();
    let mxcsr = x86_64::registers::mxcsr::read().bits();
    flags & (1 << 10) == 0 && mxcsr & !0x3f == 0x1f80 && !samara_unwind::is_unwinding()
}

/// The domain that [`hang`] and the functions below it call.
static VICTIM: Mutex<Option<Domain<dyn Mortal>>> = Mutex::new(None);
static ENDED: AtomicU32 = AtomicU32::new(0);

fn proxy() -> Proxy<dyn Mortal> {
    let victim = VICTIM.lock().clone().expect("a victim");
    victim.proxy().expect("alive")
}

fn hang(_: usize) {
    assert_eq!(proxy().hang(), Err(RpcError::Crashed));
    ENDED.fetch_add(1, SeqCst);
}

fn hang_locked(_: usize) {
    assert_eq!(proxy().hang_locked(), Err(RpcError::Crashed));
    ENDED.fetch_add(1, SeqCst);
}

fn wait_for_lock(_: usize) {
    assert_eq!(proxy().wait_for_lock(), Err(RpcError::Crashed));
    ENDED.fetch_add(1, SeqCst);
}

kernel_tests! {
    /// Invariant: TRAP-2
    /// Failure: F-1, F-3, F-8, F-12
    fn every_way_to_die_is_contained() {
        let domain = spawn();
        let mut before = 0;
        for round in 0..3 {
            if round == 1 {
                before = settled_frames(); // the host's own tables grow first
            }
            for way in Way::ALL {
                let proxy = domain.proxy().expect("a proxy");
                assert_eq!(proxy.die(way), Err(RpcError::Crashed), "{way:?}");
                assert!(is_clean(), "{way:?}");
                let reason = domain.exit_reason().expect("it died");
                let (kind, words) = way.reason();
                assert_eq!(reason.kind, kind, "{way:?}: {reason}");
                assert!(reason.message.as_str().contains(words), "{way:?}: {reason}");
                if kind == ExitKind::Fault {
                    let calls = reason.calls().filter(|call| image::is_text(call.pc as u64));
                    assert!(calls.count() >= 4, "{way:?}: {reason:?}");
                }
                assert_eq!(proxy.work(), Err(RpcError::Dead));
                domain.restart().expect("within the budget");
                assert_eq!(domain.proxy().expect("a proxy").work(), Ok(42), "{way:?}");
            }
        }
        let after = settled_frames();
        assert_eq!(after, before);
        stop(&domain);
    }

    /// Invariant: TRAP-4
    /// Failure: F-32, F-34
    fn a_hanging_domain_is_killed_from_another_thread() {
        let domain = spawn();
        *VICTIM.lock() = Some(domain.clone());
        HANGING.store(0, SeqCst);
        ENDED.store(0, SeqCst);
        let threads: [_; 3] = core::array::from_fn(|_| start(hang, 0));
        while HANGING.load(SeqCst) < 3 {
            request::yield_now();
        }
        assert!(domain.kill());
        threads.into_iter().for_each(|thread| thread.join());
        assert_eq!(ENDED.load(SeqCst), 3);
        *VICTIM.lock() = None;
        assert_eq!(domain.exit_reason().expect("it died").kind, ExitKind::Killed);
        domain.restart().expect("within the budget");
        stop(&domain);
    }

    /// Invariant: TRAP-4
    /// Failure: F-33
    fn a_fault_on_one_thread_ends_the_others() {
        let domain = spawn();
        let _fast = FastTick::begin();
        for way in [Way::Null, Way::StackOverflow, Way::DoublePanic] {
            *VICTIM.lock() = Some(domain.clone());
            HANGING.store(0, SeqCst);
            ENDED.store(0, SeqCst);
            let threads: [_; 3] = core::array::from_fn(|_| start(hang, 0));
            while HANGING.load(SeqCst) < 3 {
                request::yield_now();
            }
            assert_eq!(proxy().die(way), Err(RpcError::Crashed));
            let began = time::since_boot();
            threads.into_iter().for_each(|thread| thread.join());
            assert_eq!(ENDED.load(SeqCst), 3, "{way:?}");
            assert!(time::since_boot() - began < Duration::from_secs(5));
            domain.restart().expect("within the budget");
        }
        *VICTIM.lock() = None;
        stop(&domain);
    }

    /// Failure: F-12
    fn a_domain_that_overruns_its_budget_dies() {
        let budget = Duration::from_millis(20);
        let domain = spawn_with(DomainSpec::new("hasty").budget(budget));
        let proxy = domain.proxy().expect("a proxy");
        assert_eq!(proxy.work(), Ok(42));
        // The sleep is longer than the budget, but the thread is outside the domain.
        request::sleep(budget * 2);
        assert_eq!(proxy.work(), Ok(42));
        let began = time::since_boot();
        assert_eq!(proxy.hang(), Err(RpcError::Crashed));
        let took = time::since_boot() - began;
        assert!(took >= budget / 2 && took < budget + Duration::from_secs(2), "{took:?}");
        assert_eq!(domain.exit_reason().expect("it died").kind, ExitKind::Overrun);
        domain.restart().expect("within the budget of restarts");
        assert_eq!(domain.proxy().expect("a proxy").hang_locked(), Err(RpcError::Crashed));
        domain.restart().expect("within the budget of restarts");
        stop(&domain);
    }

    /// Invariant: TRAP-4
    /// Failure: F-12
    fn threads_that_wait_for_a_private_lock_are_killed() {
        let domain = spawn();
        *VICTIM.lock() = Some(domain.clone());
        HANGING.store(0, SeqCst);
        ENDED.store(0, SeqCst);
        let holder = start(hang_locked, 0);
        while HANGING.load(SeqCst) < 1 {
            request::yield_now();
        }
        let waiters: [_; 2] = core::array::from_fn(|_| start(wait_for_lock, 0));
        while HANGING.load(SeqCst) < 3 {
            request::yield_now();
        }
        request::sleep(Duration::from_millis(5));
        assert_eq!(ENDED.load(SeqCst), 0, "all three threads are still inside");
        assert!(domain.kill());
        holder.join();
        waiters.into_iter().for_each(|thread| thread.join());
        assert_eq!(ENDED.load(SeqCst), 3);
        *VICTIM.lock() = None;
    }
}
