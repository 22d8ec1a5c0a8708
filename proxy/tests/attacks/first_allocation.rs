//! Attack: a domain makes the first private allocation of the process and is cut in it. There is one test only,
//! since a process has only one first allocation.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_testkit::contained::{arm, disarm, stepping};
use samara_testkit::hosted::{alone, host, within};
use std::thread;
use std::time::Duration;

#[path = "../fixtures/plain.rs"]
mod plain;
use plain::Plain;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

struct State(#[expect(dead_code)] Box<u64>);
impl Plain for State {}
fn init((): ()) -> Result<State, RpcError> {
    Ok(State(std::hint::black_box(Box::new(1))))
}
fn init_in_steps((): ()) -> Result<State, RpcError> {
    arm();
    let state = State(std::hint::black_box(Box::new(1)));
    disarm();
    Ok(state)
}

fn start(init: fn(()) -> Result<State, RpcError>, budget: Duration) -> bool {
    let spec = DomainSpec::new("first").budget(budget);
    let started: Result<Domain<dyn Plain>, _> = host().spawn(spec, init, Mint::nothing());
    started.map(|domain| domain.kill()).is_ok()
}

/// Ticks at instruction `at` of the allocation. Returns whether the tick came, and whether a domain starts
/// afterwards.
fn attempt(at: u64) -> (bool, bool) {
    let _alone = alone();
    let contained = stepping();
    let first = || start(init_in_steps, Duration::from_micros(1));
    let (_, stepped) = contained.step_armed(at, false, first);
    let next = || start(init, Duration::from_secs(1));
    let well = within(Duration::from_secs(3), next).is_some();
    (stepped.verdict.is_some(), well)
}

/// Cuts at every tenth of the first instructions, in which the window is reserved, each time in a process of
/// its own.
///
/// Invariant: ORDER-16
#[test]
fn cut_in_first_allocation_leaves_allocator_usable() {
    if let Ok(at) = std::env::var("ATTACK_AT") {
        let (ticked, well) = attempt(at.parse().unwrap());
        std::process::exit(if !well {
            3
        } else if ticked {
            0
        } else {
            4
        });
    }
    let me = std::env::current_exe().unwrap();
    let mut broken = Vec::new();
    for at in (0..2000).step_by(10) {
        let mut child = std::process::Command::new(&me)
            .env("ATTACK_AT", at.to_string())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let began = std::time::Instant::now();
        let code = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            if began.elapsed() > Duration::from_secs(5) {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            thread::sleep(Duration::from_millis(1));
        };
        match code {
            Some(0) => {}
            Some(4) => break,
            _ => broken.push(at),
        }
        if broken.len() > 3 {
            break;
        }
    }
    assert!(
        broken.is_empty(),
        "the allocator is lost after cuts at {broken:?}"
    );
}
