//! A domain that dies leaves no memory behind and harms no other domain.

use samara::prelude::*;
use samara::runtime::ExitKind;

use super::kernel_tests;
use super::totals::{settle, settled_frames};
use super::victim::{Victim, count, counter, spawn, spawn_restartable, stop};
use crate::mm::frames::{self, FrameOwner};

/// Returns the owner of the objects of the domain's slot.
fn slot_owner(domain: &Domain<dyn Victim>) -> samara::Owner {
    samara::Owner::from_index(domain.info().id).expect("a slot")
}

kernel_tests! {
    fn panicking_domain_is_contained_and_reclaimed() {
        let domain = spawn(DomainSpec::new("victim"));
        let private = FrameOwner(domain.info().id as u32);
        let (proxy, drops) = (domain.proxy().expect("a proxy"), counter());
        assert_eq!(proxy.hoard(1 << 20), Ok(true));
        for value in 0..3 {
            proxy.keep(RRef::new(value)).expect("alive");
        }
        assert_eq!(domain.info().objects, 4, "three objects that it keeps, and the one that `init` returned");
        let pages = domain.info().private_bytes / 4096;
        assert!(pages >= 256);
        assert_eq!(frames::owned_by(private), pages, "the frame allocator agrees");

        assert_eq!(proxy.crash(&drops), Err(RpcError::Crashed));
        assert_eq!(count(&drops), 4, "destructors ran");
        settle();
        assert_eq!(frames::owned_by(private), 0, "private memory was freed as a whole");
        assert_eq!(samara::heap::heap::census(slot_owner(&domain)).objects, 0);
        assert_eq!(proxy.work(), Err(RpcError::Dead));
        let reason = domain.exit_reason().expect("it died");
        assert_eq!(reason.kind, ExitKind::Panic);
        assert!(reason.message.as_str().contains("index out of bounds"), "{reason}");
        assert!(reason.place.as_str().contains("victim.rs"), "{reason}");
        assert!(!samara_unwind::is_unwinding());
    }

    fn restart_works_and_old_proxies_stay_dead() {
        let domain = spawn_restartable(1);
        let old = domain.proxy().expect("a proxy");
        assert_eq!(old.crash(&counter()), Err(RpcError::Crashed));
        domain.restart().expect("within the budget");
        assert_eq!(old.work(), Err(RpcError::Dead));
        assert_eq!(domain.proxy().expect("a proxy").work(), Ok(42));
        assert_eq!(domain.restarts(), 1);
        stop(&domain);
    }

    fn shadow_recovers_within_the_call() {
        let domain = spawn_restartable(3);
        let shadow = domain.shadow().expect("a shadow");
        let direct = domain.proxy().expect("a proxy");
        assert_eq!(direct.crash(&counter()), Err(RpcError::Crashed));
        assert_eq!(shadow.work(), Ok(42));
        assert_eq!(domain.restarts(), 1);
        stop(&domain);
    }

    fn crash_loop_leaks_no_page() {
        const CRASHES: u32 = 100;
        let domain = spawn_restartable(CRASHES + 8);
        let drops = counter();
        let crash = || {
            let proxy = domain.proxy().expect("a proxy");
            proxy.keep(RRef::new(1)).expect("alive");
            assert_eq!(proxy.hoard(256 << 10), Ok(true));
            assert_eq!(proxy.crash(&drops), Err(RpcError::Crashed));
            domain.restart().expect("within the budget");
        };
        for _ in 0..8 {
            crash(); // the host's own tables grow first
        }
        let before = settled_frames();
        for _ in 0..CRASHES {
            crash();
        }
        assert_eq!(settled_frames(), before);
        assert_eq!(count(&drops), 4 * (CRASHES + 8));
        stop(&domain);
    }

    /// Failure: F-7
    fn private_quota_is_an_error_not_a_death() {
        let domain = spawn(DomainSpec::new("victim").heap_quota(512 << 10));
        let proxy = domain.proxy().expect("a proxy");
        assert_eq!(proxy.hoard(128 << 10), Ok(true));
        assert_eq!(proxy.hoard(4 << 20), Ok(false));
        assert_eq!(proxy.work(), Ok(42));
        stop(&domain);
    }

    /// Failure: F-6
    fn message_that_panics_kills_only_its_domain() {
        let domain = spawn(DomainSpec::new("victim"));
        let proxy = domain.proxy().expect("a proxy");
        assert_eq!(proxy.crash_unspeakably(), Err(RpcError::Crashed));
        assert_eq!(domain.exit_reason().expect("it died").kind, ExitKind::Panic);
    }

    fn killed_domain_is_reclaimed_at_once() {
        let domain = spawn(DomainSpec::new("victim"));
        let private = FrameOwner(domain.info().id as u32);
        assert_eq!(domain.proxy().expect("a proxy").hoard(64 << 10), Ok(true));
        assert!(domain.kill());
        settle();
        assert_eq!(frames::owned_by(private), 0);
        assert!(!domain.kill(), "a domain is killed only once");
    }
}
