//! A client whose stack is nearly used up calls a dead server, or makes a recorded call at a living one. The
//! client's lack of stack must not cost the others the server.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[path = "../fixtures/pad.rs"]
mod pad;
use pad::pad;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Counting {
    #[idempotent]
    fn count(&self) -> Result<u32, RpcError>;
    #[replay]
    fn add(&self, number: u32) -> Result<u32, RpcError>;
}

#[derive(Default)]
struct Counter(AtomicU32);

impl Counting for Counter {
    fn count(&self) -> Result<u32, RpcError> {
        Ok(self.0.load(SeqCst))
    }
    fn add(&self, number: u32) -> Result<u32, RpcError> {
        Ok(self.0.fetch_add(number, SeqCst) + number)
    }
}

fn init((): ()) -> Result<Counter, RpcError> {
    Ok(Counter::default())
}

#[interface]
trait Client {
    /// Calls the server below `frames` frames.
    fn count_below(&self, frames: usize) -> Result<u32, RpcError>;
    /// Makes a recorded call below `frames` frames.
    fn add_below(&self, frames: usize) -> Result<u32, RpcError>;
}

struct Deep(Shadow<dyn Counting>);

impl Client for Deep {
    fn count_below(&self, frames: usize) -> Result<u32, RpcError> {
        pad(frames, &mut || self.0.count())
    }
    fn add_below(&self, frames: usize) -> Result<u32, RpcError> {
        pad(frames, &mut || self.0.add(1))
    }
}

fn deep(server: Shadow<dyn Counting>) -> Result<Deep, RpcError> {
    Ok(Deep(server))
}

/// More restarts than a tested stack has frames.
const RESTARTS: u32 = 100_000;

fn spawn(name: &str) -> (Domain<dyn Counting>, Domain<dyn Client>) {
    let restart = Restart::limited(RESTARTS, Duration::from_secs(3600));
    let spec = DomainSpec::new(name)
        .restart(restart)
        .replay_log(usize::MAX);
    let server: Domain<dyn Counting> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let handle = server.clone();
    let mint = Mint::fallible(move || handle.shadow());
    let spec = DomainSpec::new("deep").host_quota(usize::MAX);
    let client = host().spawn(spec, deep, mint).unwrap();
    (server, client)
}

/// Calls `call` with more and more frames in use, until the client has used up its stack. Returns how many
/// calls were made, and how many were refused for lack of room.
fn deeper_and_deeper(mut call: impl FnMut(usize) -> Result<u32, RpcError> + Send) -> (u32, u32) {
    let run = || {
        let _contained = contained(false);
        let (mut made, mut short) = (0, 0);
        for frames in (0..).step_by(7) {
            match call(frames) {
                Ok(_) => made += 1,
                Err(RpcError::StackExhausted) => short += 1,
                Err(RpcError::Crashed) => break,
                Err(other) => panic!("{other:?} below {frames} frames"),
            }
        }
        (made, short)
    };
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(512 << 10);
        let thread = builder.spawn_scoped(scope, run).unwrap();
        thread.join().unwrap()
    })
}

/// Invariant: HEAP-22
#[test]
fn a_recovery_without_room_spends_no_restart() {
    let _alone = alone();
    let (server, client) = spawn("spent");
    let proxy = client.proxy().unwrap();
    let killed = server.clone();
    let (made, short) = deeper_and_deeper(move |frames| {
        killed.kill();
        proxy.count_below(frames)
    });
    assert!(
        made > 100 && short > 10,
        "{made} calls, {short} were refused"
    );
    assert_eq!(server.restarts(), made);
    assert_eq!(server.shadow().unwrap().count(), Ok(0));
    assert!(server.kill() && !client.kill());
}

/// Invariant: HEAP-22
#[test]
fn a_recorded_call_without_room_restarts_nothing() {
    let _alone = alone();
    let (server, client) = spawn("unrecorded");
    let proxy = client.proxy().unwrap();
    let (made, short) = deeper_and_deeper(move |frames| proxy.add_below(frames));
    assert!(
        made > 100 && short > 10,
        "{made} calls, {short} were refused"
    );
    assert_eq!((server.restarts(), server.exits().count()), (0, 0));
    assert_eq!(server.shadow().unwrap().count(), Ok(made));
    assert!(server.kill() && !client.kill());
}
