//! Attack: a client with little stack restarts a server. Another client has recorded a call with a large argument,
//! for which there was room when the call was made. If the host replayed this call on the first client's stack, the
//! call would overrun the stack inside the server, and the other client would lose its records.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::contained::{allow_segments, contained};
use samara_testkit::hosted::{alone, host, pad_until};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[path = "../fixtures/deep.rs"]
mod deep;
use deep::{allocate_deeper, outlives};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const STACK: usize = 1 << 20;
const LARGE: usize = 60 << 10;

#[interface]
trait Server {
    #[replay]
    fn note(&self, data: [u8; LARGE]) -> Result<u32, RpcError>;
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
#[derive(Default)]
struct Serving(AtomicU32);
impl Server for Serving {
    fn note(&self, data: [u8; LARGE]) -> Result<u32, RpcError> {
        Ok(self.0.fetch_add(data[7].into(), SeqCst) + 1)
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(self.0.load(SeqCst))
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving::default())
}

#[interface]
trait Client {
    fn status_below(&self, bytes: usize) -> Result<u32, RpcError>;
    fn note(&self) -> Result<u32, RpcError>;
}
struct Asking(Shadow<dyn Server>);
impl Client for Asking {
    fn status_below(&self, bytes: usize) -> Result<u32, RpcError> {
        pad_until(bytes, &|| self.0.status())
    }
    fn note(&self) -> Result<u32, RpcError> {
        self.0.note([1; LARGE])
    }
}
fn asking(server: Shadow<dyn Server>) -> Result<Asking, RpcError> {
    std::hint::black_box(allocate_deeper as fn(usize) -> usize);
    Ok(Asking(server))
}

fn on<R: Send>(bytes: usize, body: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let run = || {
            let _contained = contained(false);
            body()
        };
        let thread = thread::Builder::new().stack_size(bytes);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

/// Has clients call the dead server on a thread with `stack` bytes, with each number of bytes of `range` in use. If
/// `records`, another client has recorded a call. Returns the numbers at which the calling client was ended. In
/// optimised code the copy of the recorded argument lies in a frame of the host's.
fn ended_depths(records: bool, stack: usize, range: std::ops::Range<usize>) -> Vec<usize> {
    let _alone = alone();
    drop(contained(false));
    let restart = Restart::limited(1 << 20, Duration::from_secs(3600));
    let spec = |name| DomainSpec::new(name).host_quota(1 << 20).restart(restart);
    let server: Domain<dyn Server> = host()
        .spawn(spec("server"), serving, Mint::nothing())
        .unwrap();
    let client = |name: &'static str| -> Domain<dyn Client> {
        let of = server.clone();
        let mint = Mint::fallible(move || of.shadow());
        host().spawn(spec(name), asking, mint).unwrap()
    };
    let mut ended = Vec::new();
    for bytes in range.step_by(2 << 10) {
        let (asker, recorder) = (client("asker"), client("recorder"));
        if records {
            let recorder = recorder.proxy().unwrap();
            assert_eq!(on(8 << 20, || recorder.note()), Ok(1));
        }
        assert!(server.kill());
        let proxy = asker.proxy().unwrap();
        let got = on(stack, || proxy.status_below(bytes));
        if let Some(reason) = asker.exit_reason() {
            println!("{bytes}: {got:?}, {:?} {}", reason.kind, reason.message);
            ended.push(bytes);
        }
        for domain in [asker, recorder] {
            domain.kill();
        }
        host().reap();
        server.restart().unwrap();
    }
    server.kill();
    host().reap();
    ended
}

/// Invariant: HEAP-24
#[test]
fn large_record_spares_an_asker_with_little_stack() {
    let depths = 700 << 10..845 << 10;
    assert_eq!(
        ended_depths(false, STACK, depths.clone()),
        [],
        "without a record"
    );
    assert_eq!(
        ended_depths(true, STACK, depths),
        [],
        "ended by another client's record"
    );
}

/// The thread has no reserve, and more than half of its stack is left.
///
/// Invariant: HEAP-24
#[test]
fn a_neighbours_large_record_does_not_end_the_host() {
    outlives("a_neighbours_large_record_does_not_end_the_host", || {
        let depths = 20 << 10..150 << 10;
        assert_eq!(
            ended_depths(false, 224 << 10, depths.clone()),
            [],
            "without a record"
        );
        println!("without a record: none ended");
        assert_eq!(
            ended_depths(true, 224 << 10, depths),
            [],
            "ended by another client's record"
        );
    });
}

/// Asserts that a client keeps its records when another client restarts the server with more and more of its
/// stack in use.
fn assert_kept(segments: usize) {
    let _alone = alone();
    drop(contained(false));
    let spec = |name| {
        DomainSpec::new(name)
            .host_quota(1 << 20)
            .restart(Restart::limited(1 << 20, Duration::from_secs(3600)))
    };
    let server: Domain<dyn Server> = host()
        .spawn(spec("server"), serving, Mint::nothing())
        .unwrap();
    let client = |name: &'static str| -> Domain<dyn Client> {
        let of = server.clone();
        let mint = Mint::fallible(move || of.shadow());
        host().spawn(spec(name), asking, mint).unwrap()
    };
    allow_segments(segments);
    let mut lost = Vec::new();
    for bytes in (700 << 10..STACK - (128 << 10)).step_by(2 << 10) {
        let (short, neighbour) = (client("short"), client("neighbour"));
        let (attacker, victim) = (short.proxy().unwrap(), neighbour.proxy().unwrap());
        assert_eq!(on(8 << 20, || victim.note()), Ok(1));
        assert!(server.kill());
        let got = on(STACK, || attacker.status_below(bytes));
        let after = on(8 << 20, || victim.note());
        let died = short.exit_reason().map(|at| (at.kind, at.message));
        println!("{bytes}: attacker {got:?} {died:?}, victim's next: {after:?}");
        if after != Ok(2) {
            lost.push((bytes, after));
        }
        for domain in [short, neighbour] {
            domain.kill();
        }
        host().reap();
        server.restart().unwrap();
    }
    server.kill();
    host().reap();
    allow_segments(0);
    assert!(
        lost.is_empty(),
        "the other client's record was given up: {lost:?}"
    );
}

/// Invariant: HEAP-24
#[test]
fn large_record_survives_restart_on_a_short_stack() {
    assert_kept(0);
}

/// The start continues on a segment. The segment has just the room that a start is promised, and no additional room
/// for the record.
#[test]
fn large_record_survives_restart_on_a_segment() {
    assert_kept(8);
}
