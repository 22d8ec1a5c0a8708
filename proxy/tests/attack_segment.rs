//! Attack: a domain that a call has put on a stack segment uses that up, and has trusted code run over there.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::contained::{allow_segments, contained, cuts};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::hosted::{alone, host};
use std::env;
use std::hint::black_box;
use std::process::Command;
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Deep {
    fn dig(&self, more: usize) -> Result<(), RpcError>;
}
struct Digging;
#[inline(never)]
fn dig(depth: usize) -> usize {
    let here = black_box(Box::new(depth));
    let below = if depth == usize::MAX { 0 } else { dig(depth + 1) };
    below + *here
}
/// First as much of the stack as it is told: so it runs over at other places.
#[inline(never)]
fn dig_from(more: usize) -> usize {
    if more == 0 {
        return dig(0);
    }
    let here = black_box([1_u8; 16]);
    dig_from(more - 1) + usize::from(here[more % 16])
}
impl Deep for Digging {
    fn dig(&self, more: usize) -> Result<(), RpcError> {
        black_box(dig_from(more));
        Ok(())
    }
}
fn digging((): ()) -> Result<Digging, RpcError> {
    Ok(Digging)
}

#[interface]
trait Client {
    fn ask(&self, down: usize, more: usize) -> Result<(), RpcError>;
}
struct Asking(Proxy<dyn Deep>);
impl Asking {
    #[inline(never)]
    fn down(&self, from: usize, bytes: usize, more: usize) -> Result<(), RpcError> {
        let here = black_box(0_u8);
        if from - (&raw const here).addr() < bytes {
            let got = self.down(from, bytes, more);
            black_box(here);
            return got;
        }
        self.0.dig(more)
    }
}
impl Client for Asking {
    fn ask(&self, down: usize, more: usize) -> Result<(), RpcError> {
        let here = black_box(0_u8);
        self.down((&raw const here).addr(), down, more)
    }
}
fn asking(of: Proxy<dyn Deep>) -> Result<Asking, RpcError> {
    Ok(Asking(of))
}

const NAME: &str = "who_runs_over_in_trusted_code_on_a_segment_dies_alone";
const CHILD: &str = "SAMARA_ATTACK_SEGMENT";

#[test]
fn who_runs_over_in_trusted_code_on_a_segment_dies_alone() {
    if let Ok(segments) = env::var(CHILD) {
        return attack(segments.parse().unwrap());
    }
    for segments in ["0", "4"] {
        let child = Command::new(env::current_exe().unwrap())
            .args([NAME, "--exact", "--nocapture"])
            .env(CHILD, segments)
            .status()
            .unwrap();
        println!("with {segments} segments: {child}");
        assert!(child.success(), "a domain has ended the process: {child}");
    }
}

/// Without segments the same is done on the thread's own stack.
fn attack(segments: usize) {
    let _alone = alone();
    drop(contained(true));
    allow_segments(segments);
    let restart = Restart::limited(1_000_000, Duration::from_secs(3600));
    let spec = DomainSpec::new("deep").stack(128 << 10).restart(restart);
    let deep: Domain<dyn Deep> = host().spawn(spec, digging, Mint::nothing()).unwrap();
    let of = deep.clone();
    let spec = DomainSpec::new("client").restart(restart);
    let client: Domain<dyn Client> = host()
        .spawn(spec, asking, Mint::fallible(move || of.proxy()))
        .unwrap();
    // More than a segment's room is used up beforehand, or nothing.
    let down = if segments == 0 { 0 } else { 300 << 10 };
    thread::scope(|scope| {
        let run = || {
            let _contained = contained(true);
            for more in 0..60 {
                deep.restart().unwrap();
                client.restart().unwrap();
                let got = client.proxy().unwrap().ask(down, more);
                println!("{more}: {got:?}, {:?}", cuts());
                assert_eq!(got, Err(RpcError::Crashed));
            }
        };
        let thread = thread::Builder::new().stack_size(512 << 10);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap();
    });
    allow_segments(0);
    client.kill();
    deep.kill();
}
