//! Attack: a domain uses up its stack, so that the host's work for it must be finished in the stack's reserve. Until
//! the reserve is closed again, the host must let no call enter a domain on that stack, and it must cut the domain
//! that used the stack up.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::contained::{allow_segments, contained, cuts};
use samara_testkit::hosted::{alone, host, pad_until};
use std::hint::black_box;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[path = "../fixtures/deep.rs"]
mod deep;
use deep::{allocate_deeper, outlives};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The stack of the threads that attack.
const STACK: usize = 512 << 10;
/// The part of that stack that the thread may use above its reserve.
const USUAL: usize = STACK - (128 << 10);
/// The amounts of stack in use at which the host's part of a recovery overruns the stack.
const DEPTHS: Range<usize> = USUAL - (18 << 10)..USUAL - (12 << 10);
const STEP: usize = 32;

/// The deed of the server's next `init`: one of the constants below.
static NEXT: AtomicU32 = AtomicU32::new(STARTS);
const STARTS: u32 = 0;
const RUNS_OVER: u32 = 1;
const ALLOCATES_AND_FAILS: u32 = 2;
/// The number of times that `init` attacked instead of starting the server.
static ATTACKS: AtomicUsize = AtomicUsize::new(0);
/// The number of times that the client went on after its call.
static WENT_ON: AtomicUsize = AtomicUsize::new(0);

#[interface]
trait Server {
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
    #[replay]
    fn open(&self) -> Result<Proxy<dyn Server>, RpcError>;
}

struct Serving;

impl Server for Serving {
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
    fn open(&self) -> Result<Proxy<dyn Server>, RpcError> {
        Proxy::export(Self).map_err(|(error, _)| error.into())
    }
}

fn serving((): ()) -> Result<Serving, RpcError> {
    let next = NEXT.swap(STARTS, SeqCst);
    ATTACKS.fetch_add(usize::from(next != STARTS), SeqCst);
    match next {
        RUNS_OVER => {
            black_box(allocate_deeper(0));
        }
        ALLOCATES_AND_FAILS => {
            drop(black_box(Box::new(7)));
            return Err(RpcError::OutOfMemory);
        }
        _ => {}
    }
    Ok(Serving)
}

#[interface]
trait Client {
    /// Calls the object that it has opened, with `bytes` of stack in use.
    fn ask_below(&self, bytes: usize) -> Result<u32, RpcError>;
    /// Panics with `bytes` of stack in use. The panic runs a destructor that overruns the stack.
    fn panic_below(&self, bytes: usize) -> Result<u32, RpcError>;
}

struct Asking(Proxy<dyn Server>);

struct RunsOver;

impl Drop for RunsOver {
    fn drop(&mut self) {
        black_box(allocate_deeper(0));
    }
}

impl Client for Asking {
    fn ask_below(&self, bytes: usize) -> Result<u32, RpcError> {
        pad_until(bytes, &|| {
            let answer = self.0.status();
            WENT_ON.fetch_add(1, SeqCst);
            answer
        })
    }
    fn panic_below(&self, bytes: usize) -> Result<u32, RpcError> {
        pad_until(bytes, &|| {
            let _runs_over = RunsOver;
            panic!("on purpose")
        })
    }
}

fn asking(server: Shadow<dyn Server>) -> Result<Asking, RpcError> {
    Ok(Asking(server.open()?))
}

fn spawn(restarts: u32) -> (Domain<dyn Server>, Domain<dyn Client>) {
    // From here on the host enforces stacks.
    drop(contained(false));
    let spec =
        |name| DomainSpec::new(name).restart(Restart::limited(restarts, Duration::from_secs(3600)));
    let server: Domain<dyn Server> = host()
        .spawn(spec("server"), serving, Mint::nothing())
        .unwrap();
    let of = server.clone();
    let client = host().spawn(spec("client"), asking, Mint::fallible(move || of.shadow()));
    (server, client.unwrap())
}

/// Runs `attack` on a thread with [`STACK`], without ticks, so that nothing else cuts it.
fn on_stack<R: Send>(attack: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let run = || {
            let _contained = contained(false);
            attack()
        };
        let thread = thread::Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

/// Invariant: ORDER-41
#[test]
fn a_start_on_a_reserve_does_not_end_the_host() {
    outlives("a_start_on_a_reserve_does_not_end_the_host", || {
        let _alone = alone();
        let (server, client) = spawn(1 << 20);
        let before = cuts().reserves;
        on_stack(|| {
            let shadow = client.shadow().unwrap();
            for bytes in DEPTHS.step_by(STEP) {
                NEXT.store(STARTS, SeqCst);
                // This call opens the object anew.
                assert_eq!(shadow.ask_below(0), Ok(7));
                assert!(server.kill());
                NEXT.store(RUNS_OVER, SeqCst);
                let _ = shadow.ask_below(bytes);
            }
        });
        assert!(ATTACKS.load(SeqCst) > 10 && cuts().reserves > before + 10);
        client.kill();
        server.kill();
    });
}

/// Has the client use up its stack while the server is restarted, at most `restarts` times, with `segments` segments.
/// Asserts that the client does not go on after its call if its stack's reserve was opened.
fn assert_goes_no_further(restarts: u32, segments: usize) {
    let _alone = alone();
    allow_segments(segments);
    let mut opened = 0;
    for bytes in DEPTHS.step_by(STEP) {
        NEXT.store(STARTS, SeqCst);
        let (server, client) = spawn(restarts);
        let proxy = client.proxy().unwrap();
        assert!(server.kill());
        NEXT.store(ALLOCATES_AND_FAILS, SeqCst);
        let (reserves, went_on) = (cuts().reserves, WENT_ON.load(SeqCst));
        let answer = on_stack(|| proxy.ask_below(bytes));
        if cuts().reserves != reserves {
            opened += 1;
            assert_eq!(WENT_ON.load(SeqCst), went_on, "{bytes}: {answer:?}");
        }
        client.kill();
        server.kill();
        host().reap();
    }
    allow_segments(0);
    assert!(opened > 10, "{opened}");
}

/// The server allocates on a segment. So a no-cut mark ends on that segment while the client is already due to be
/// cut.
///
/// Invariant: ORDER-38
#[test]
fn used_up_stack_stops_its_domain() {
    assert_goes_no_further(1, 4);
}

/// Invariant: ORDER-38
#[test]
fn used_up_stack_stops_its_domain_without_segments() {
    assert_goes_no_further(1, 0);
}

/// Invariant: ORDER-38
#[test]
fn used_up_stack_stops_its_domain_without_restarts() {
    assert_goes_no_further(0, 0);
}

/// Invariant: ORDER-38
#[test]
fn a_destructor_in_a_panic_does_not_run_over_twice() {
    outlives("a_destructor_in_a_panic_does_not_run_over_twice", || {
        let _alone = alone();
        let (server, client) = spawn(1 << 20);
        let before = cuts().reserves;
        on_stack(|| {
            for bytes in (0..2048).step_by(STEP) {
                client.restart().unwrap();
                let died = client.proxy().unwrap().panic_below(bytes);
                assert_eq!(died, Err(RpcError::Crashed));
            }
        });
        assert!(cuts().reserves > before + 10);
        client.kill();
        server.kill();
    });
}
