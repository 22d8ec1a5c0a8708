//! Attack: the first private allocation of the process is a domain's, which is cut in it.
//! One test: the process has only one first allocation.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host, within};
use std::thread;
use std::time::Duration;

#[path = "fixtures/plain.rs"]
mod plain;
use plain::Plain;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

struct State(#[expect(dead_code)] Box<u64>);
impl Plain for State {}
fn init((): ()) -> Result<State, RpcError> {
    Ok(State(std::hint::black_box(Box::new(1))))
}

fn start(budget: u64) -> bool {
    let spec = DomainSpec::new("first").budget(Duration::from_micros(budget));
    let started: Result<Domain<dyn Plain>, _> = host().spawn(spec, init, Mint::nothing());
    started.map(|domain| domain.kill()).is_ok()
}

fn attempt(at: u64) -> (bool, bool) {
    let _alone = alone();
    let contained = contained(false);
    let (_, stepped) = contained.step(at, true, || start(1));
    let well = within(Duration::from_secs(3), || start(1_000_000)).is_some();
    (stepped.verdict.is_some(), well)
}

/// Each instruction in a process of its own.
#[test]
fn who_is_cut_in_the_first_private_allocation_leaves_the_allocator_usable() {
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
    let all = std::time::Instant::now();
    for at in (0..).step_by(if cfg!(debug_assertions) { 100 } else { 24 }) {
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
        // The reservation comes early.
        if broken.len() > 3 || all.elapsed() > Duration::from_secs(25) {
            break;
        }
    }
    assert!(
        broken.is_empty(),
        "the allocator is lost after cuts at {broken:?}"
    );
}
