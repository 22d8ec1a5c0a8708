//! Attack: the optimiser inlines code of the domain into the frame of the call boundary itself, and there the code
//! never ends.
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

/// Runs `attack` on a thread of its own and asserts that it ends within 10 s.
fn must_end<R: Send + 'static>(attack: impl FnOnce() -> R + Send + 'static) -> R {
    let attack = || {
        let _contained = contained(true);
        attack()
    };
    within(Duration::from_secs(10), attack).expect(
        "the domain was not ended within 10 s, though its budget is used up: the host's thread is lost",
    )
}

fn assert_nothing_is_left(before: Totals) {
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

/// Invariant: ORDER-11
#[test]
fn endless_destructor_is_cut_in_an_orderly_stop() {
    let _alone = alone();
    let before = Totals::now();
    must_end(|| {
        let domain: Domain<dyn Plain> =
            host().spawn(spec(), init_endless, Mint::nothing()).unwrap();
        let _ = domain.stop(Duration::from_millis(500));
        assert_eq!(domain.exit_reason().unwrap().kind, ExitKind::Overrun);
    });
    assert_nothing_is_left(before);
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

/// Invariant: ORDER-11
#[test]
fn two_panicking_destructors_in_a_stop_are_a_death() {
    let _alone = alone();
    let before = Totals::now();
    must_end(|| {
        let domain: Domain<dyn Plain> = host().spawn(spec(), init_bomb, Mint::nothing()).unwrap();
        let _ = domain.stop(Duration::from_millis(500));
        assert!(domain.exit_reason().is_some());
    });
    assert_nothing_is_left(before);
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
fn endless_display_of_an_init_error_is_cut() {
    let _alone = alone();
    let before = Totals::now();
    must_end(|| {
        let started: Result<Domain<dyn Plain>, _> =
            host().spawn(spec(), init_endless_error, Mint::nothing());
        assert!(started.is_err());
    });
    assert_nothing_is_left(before);
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

/// Invariant: ORDER-11
#[test]
fn init_error_that_panics_twice_fails_the_start() {
    let _alone = alone();
    let before = Totals::now();
    must_end(|| {
        let started: Result<Domain<dyn Plain>, _> =
            host().spawn(spec(), init_bomb_error, Mint::nothing());
        assert!(started.is_err());
    });
    assert_nothing_is_left(before);
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
fn endless_destructor_of_an_init_error_is_cut() {
    let _alone = alone();
    let before = Totals::now();
    must_end(|| {
        let started: Result<Domain<dyn Plain>, _> =
            host().spawn(spec(), init_endless_drop_error, Mint::nothing());
        assert!(started.is_err());
    });
    assert_nothing_is_left(before);
}

fn init_endless_itself((): ()) -> Result<Endless, RpcError> {
    loop {
        std::hint::spin_loop();
    }
}

#[test]
fn endless_init_of_spawn_once_is_cut() {
    let _alone = alone();
    let before = Totals::now();
    must_end(|| {
        let spec = spec();
        let started = host().spawn_once::<dyn Plain, _, _, _>(&spec, init_endless_itself, ());
        assert!(started.is_err());
    });
    assert_nothing_is_left(before);
}
