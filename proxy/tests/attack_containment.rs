//! The containment of a hosted program is the host's: a domain neither has it nor ends it, for its own thread or for
//! others, and guards of it end in any order.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_fault::cpu::{self, Trap};
use samara_host_std::contained::{allow_segments, arm, contained, disarm, program_image, stepping};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, interface};
use samara_rref::RRef;
use samara_testkit::hosted::{alone, deaths, host};
use std::hint::black_box;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Bare {
    fn act(&self, how: u32) -> Result<u32, RpcError>;
    fn dig(&self, prepared: bool) -> Result<u64, RpcError>;
    fn strike(&self) -> Result<(), RpcError>;
    fn hang(&self) -> Result<(), RpcError>;
}

#[inline(never)]
fn allocate_deeper(depth: u64) -> u64 {
    let private = vec![depth; 1 + depth as usize % 700];
    let shared = RRef::new([depth; 16]);
    if black_box(depth) == u64::MAX {
        return 0;
    }
    allocate_deeper(depth + 1) + private[0] + shared[1]
}

struct Acting;
impl Bare for Acting {
    fn act(&self, how: u32) -> Result<u32, RpcError> {
        match how {
            // No call on a short stack goes on any more, whosever it is.
            0 => allow_segments(0),
            // 128 KiB and a timer of the process's, for each.
            1 => (0..100).for_each(|_| std::mem::forget(contained(true))),
            // The thread has no reserve any more.
            2 => drop(contained(false)),
            3 => drop(stepping()),
            // A trap after each instruction, for which nobody has a handler.
            4 => arm(),
            5 => disarm(),
            _ => {
                black_box(program_image());
            }
        }
        Ok(how)
    }
    fn dig(&self, prepared: bool) -> Result<u64, RpcError> {
        if prepared {
            drop(contained(false));
        }
        Ok(allocate_deeper(1))
    }
    fn strike(&self) -> Result<(), RpcError> {
        cpu::strike(Trap::ReadNull);
        Ok(())
    }
    fn hang(&self) -> Result<(), RpcError> {
        loop {
            black_box(0);
        }
    }
}
fn init((): ()) -> Result<Acting, RpcError> {
    Ok(Acting)
}

fn spawn(spec: DomainSpec) -> Domain<dyn Bare> {
    host().spawn(spec, init, Mint::nothing()).unwrap()
}

/// Before and after the host has installed its handlers.
#[test]
fn a_domain_has_no_say_in_the_hosts_containment() {
    let _alone = alone();
    for round in 0..2 {
        for how in 0..7 {
            let name = format!("thief-{round}-{how}");
            let thief = spawn(DomainSpec::new(&name));
            let ended = thief.proxy().unwrap().act(how);
            assert_eq!(ended, Err(RpcError::Crashed), "{round} {how}");
            let message = deaths(&name)[0].message;
            assert!(message.as_str().contains("is the host's"), "{message}");
        }
        drop(contained(true));
    }
}

#[test]
fn a_domain_does_not_take_its_threads_reserve_away() {
    let _alone = alone();
    let _contained = contained(false);
    for prepared in [false, true] {
        for _ in 0..20 {
            let deep = spawn(DomainSpec::new("deep"));
            assert_eq!(deep.proxy().unwrap().dig(prepared), Err(RpcError::Crashed));
        }
    }
}

/// Strikes and hangs while the thread is contained; both are cut.
fn is_contained() {
    let struck = spawn(DomainSpec::new("struck"));
    assert_eq!(struck.proxy().unwrap().strike(), Err(RpcError::Crashed));
    let spec = DomainSpec::new("hanging").budget(Duration::from_millis(10));
    let hanging = spawn(spec);
    assert_eq!(hanging.proxy().unwrap().hang(), Err(RpcError::Crashed));
    // The reserve too is still there.
    let deep = spawn(DomainSpec::new("deep"));
    assert_eq!(deep.proxy().unwrap().dig(false), Err(RpcError::Crashed));
}

/// The second once gave the thread the first one's handler stack back, which was unmapped.
#[test]
fn guards_are_dropped_in_any_order() {
    let _alone = alone();
    let outer = contained(true);
    let (one, other) = (contained(false), contained(true));
    drop(one);
    drop(other);
    is_contained();
    let inner = contained(true);
    drop(outer);
    is_contained();
    drop(inner);
    let _again = contained(true);
    is_contained();
}
