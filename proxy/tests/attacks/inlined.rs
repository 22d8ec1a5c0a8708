//! Attack: the domain's code that the optimiser expands into the very frame of the boundary.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{Totals, alone, host, wait_until, within};
use std::fmt;
use std::time::Duration;

#[path = "../fixtures/plain.rs"]
mod plain;
use plain::Plain;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

fn spec() -> DomainSpec {
    DomainSpec::new("inlined").budget(Duration::from_millis(20))
}

/// Runs `attack` on a thread of its own, which must come back.
fn must_end<R: Send + 'static>(attack: impl FnOnce() -> R + Send + 'static) -> R {
    let attack = || {
        let _contained = contained(true);
        attack()
    };
    within(Duration::from_secs(10), attack).expect(
        "the domain is never ended, though its budget is used up: the host's thread is lost",
    )
}

fn nothing_is_left(before: Totals) {
    wait_until("the reclaim", || {
        host().reap();
        Totals::now() == before
    });
}

struct Endless;
impl Plain for Endless {}
impl Drop for Endless {
    fn drop(&mut self) {
        loop {
            std::hint::spin_loop();
        }
    }
}
fn init_endless((): ()) -> Result<Endless, RpcError> {
    Ok(Endless)
}

#[test]
fn a_destructor_without_end_is_cut_in_an_orderly_stop() {
    let _alone = alone();
    let before = Totals::now();
    must_end(|| {
        let domain: Domain<dyn Plain> =
            host().spawn(spec(), init_endless, Mint::nothing()).unwrap();
        let _ = domain.stop(Duration::from_millis(500));
        assert_eq!(domain.exit_reason().unwrap().kind, ExitKind::Overrun);
    });
    nothing_is_left(before);
}

struct Bomb(Fuse, Fuse);
struct Fuse;
impl Drop for Fuse {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}
impl Plain for Bomb {}
fn init_bomb((): ()) -> Result<Bomb, RpcError> {
    Ok(Bomb(Fuse, Fuse))
}

#[test]
fn two_destructors_that_panic_in_an_orderly_stop_are_the_domains_death() {
    let _alone = alone();
    let before = Totals::now();
    must_end(|| {
        let domain: Domain<dyn Plain> = host().spawn(spec(), init_bomb, Mint::nothing()).unwrap();
        let _ = domain.stop(Duration::from_millis(500));
        assert!(domain.exit_reason().is_some());
    });
    nothing_is_left(before);
}

#[derive(Debug)]
struct EndlessError;
impl fmt::Display for EndlessError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            std::hint::spin_loop();
        }
    }
}
fn init_endless_error((): ()) -> Result<Endless, EndlessError> {
    Err(EndlessError)
}

#[test]
fn an_error_of_init_whose_display_does_not_end_is_cut() {
    let _alone = alone();
    let before = Totals::now();
    must_end(|| {
        let started: Result<Domain<dyn Plain>, _> =
            host().spawn(spec(), init_endless_error, Mint::nothing());
        assert!(started.is_err());
    });
    nothing_is_left(before);
}

struct BombError;
impl fmt::Display for BombError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("in Display");
    }
}
impl Drop for BombError {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}
fn init_bomb_error((): ()) -> Result<Endless, BombError> {
    Err(BombError)
}

#[test]
fn an_error_of_init_that_panics_twice_is_a_failed_start() {
    let _alone = alone();
    let before = Totals::now();
    must_end(|| {
        let started: Result<Domain<dyn Plain>, _> =
            host().spawn(spec(), init_bomb_error, Mint::nothing());
        assert!(started.is_err());
    });
    nothing_is_left(before);
}

struct EndlessDropError;
impl fmt::Display for EndlessDropError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no")
    }
}
impl Drop for EndlessDropError {
    fn drop(&mut self) {
        loop {
            std::hint::spin_loop();
        }
    }
}
fn init_endless_drop_error((): ()) -> Result<Endless, EndlessDropError> {
    Err(EndlessDropError)
}

#[test]
fn an_error_of_init_whose_destructor_does_not_end_is_cut() {
    let _alone = alone();
    let before = Totals::now();
    must_end(|| {
        let started: Result<Domain<dyn Plain>, _> =
            host().spawn(spec(), init_endless_drop_error, Mint::nothing());
        assert!(started.is_err());
    });
    nothing_is_left(before);
}

fn init_endless_itself((): ()) -> Result<Endless, RpcError> {
    loop {
        std::hint::spin_loop();
    }
}

#[test]
fn an_init_that_does_not_end_is_cut_also_when_started_once() {
    let _alone = alone();
    let before = Totals::now();
    must_end(|| {
        let spec = spec();
        let started = host().spawn_once::<dyn Plain, _, _, _>(&spec, init_endless_itself, ());
        assert!(started.is_err());
    });
    nothing_is_left(before);
}
