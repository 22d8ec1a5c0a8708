//! Limits on the stack: a call enters a domain only if the stack has enough room, and a stack overflow inside trusted
//! code ends the domain that used the stack up.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(
    unsafe_code,
    reason = "domains that call each other through the test's proxies"
)]

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart, RpcError, SpawnError};
use samara_fault::cpu::{self, Trap};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::RRef;
use samara_testkit::contained::{allow_segments, contained, cuts};
use samara_testkit::hosted::{Totals, alone, host, pad_until, wait_until};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;
use std::{iter, ptr};

#[path = "fixtures/pad.rs"]
mod pad;
use pad::pad;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const KIB: usize = 1 << 10;
const NONE: usize = usize::MAX;

#[interface]
trait Deep {
    /// Calls `chain` of the other domain, which calls back, and so on until a call is refused. Returns the depth of
    /// the last call that was not refused. The call at the depth `trap_at` raises a trap.
    fn chain(&self, depth: usize, trap_at: usize, object: RRef<usize>) -> Result<usize, RpcError>;
    /// Uses `pad` frames, then overruns the stack while it allocates and frees.
    fn dig(&self, pad: usize) -> Result<u64, RpcError>;
    /// Uses `pad` frames, then uses up the stack by calls of the other domain.
    fn dig_and_call(&self, pad: usize) -> Result<u64, RpcError>;
    /// Calls `wait` of the other domain.
    fn relay_wait(&self) -> Result<u64, RpcError>;
    /// Waits until the test sets `MAY_GO_ON`.
    fn wait(&self) -> Result<u64, RpcError>;
    /// Returns whether the domain can start a thread.
    fn has_thread(&self) -> Result<bool, RpcError>;
}

/// The number of the domain: 0 or 1.
struct State(usize);

/// The proxies of the two domains, while they run.
static ENDS: [AtomicPtr<Proxy<dyn Deep>>; 2] = [const { AtomicPtr::new(ptr::null_mut()) }; 2];
/// The depth that a chain has reached.
static DEEPEST: AtomicUsize = AtomicUsize::new(0);
static WAITS: AtomicBool = AtomicBool::new(false);
static MAY_GO_ON: AtomicBool = AtomicBool::new(false);
static WENT_ON: AtomicBool = AtomicBool::new(false);

fn other(than: usize) -> &'static Proxy<dyn Deep> {
    // SAFETY: the test keeps both proxies while a call runs.
    unsafe { &*ENDS[1 - than].load(SeqCst) }
}

/// Recurses, and allocates and frees in each frame. Its own frames are small, so that the stack ends inside the
/// functions that it calls.
#[inline(never)]
fn allocate_deeper(depth: u64) -> u64 {
    let private = vec![depth; 1 + depth as usize % 700];
    let shared = RRef::new([depth; 16]);
    drop(black_box(RRef::<[u8]>::new_zeroed_slice(3000)));
    if black_box(depth) == u64::MAX {
        return 0;
    }
    allocate_deeper(depth + 1) + private[0] + shared[1]
}

#[inline(never)]
fn call_deeper(of: &Proxy<dyn Deep>, depth: u64) -> u64 {
    let got = of.wait();
    if got.is_err() && depth == u64::MAX {
        return 0;
    }
    call_deeper(of, depth + 1) + black_box(depth)
}

impl Deep for State {
    fn chain(&self, depth: usize, trap_at: usize, object: RRef<usize>) -> Result<usize, RpcError> {
        DEEPEST.fetch_max(depth, SeqCst);
        let next = RRef::new(*object + 1);
        if depth == trap_at {
            cpu::strike(if depth.is_multiple_of(2) {
                Trap::ReadNull
            } else {
                Trap::StackOverflow
            });
        }
        let deeper = match other(self.0).chain(depth + 1, trap_at, RRef::new(*next)) {
            Err(RpcError::StackExhausted) => depth,
            other => other?,
        };
        assert_eq!((*object, *next), (depth, depth + 1));
        Ok(deeper)
    }
    fn dig(&self, frames: usize) -> Result<u64, RpcError> {
        Ok(pad(frames, &mut || allocate_deeper(1)))
    }
    fn dig_and_call(&self, frames: usize) -> Result<u64, RpcError> {
        Ok(pad(frames, &mut || call_deeper(other(self.0), 1)))
    }
    fn relay_wait(&self) -> Result<u64, RpcError> {
        let result = other(self.0).wait();
        WENT_ON.store(true, SeqCst);
        result
    }
    fn wait(&self) -> Result<u64, RpcError> {
        WAITS.store(true, SeqCst);
        while !MAY_GO_ON.load(SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(1)
    }
    fn has_thread(&self) -> Result<bool, RpcError> {
        let thread = own_thread::spawn(|| ());
        Ok(thread.map(|thread| thread.join()).is_ok())
    }
}

fn init(number: usize) -> Result<State, RpcError> {
    Ok(State(number))
}

fn spec(name: &str) -> DomainSpec {
    DomainSpec::new(name).restart(Restart::limited(1 << 20, Duration::from_secs(3600)))
}

fn spawn(number: usize, spec: DomainSpec) -> Domain<dyn Deep> {
    host().spawn(spec, init, Mint::of(move || number)).unwrap()
}

/// Runs `body` on a contained thread of its own with a stack of `bytes`. Asserts that all totals are the same
/// afterwards as before.
fn with_stack<R: Send>(bytes: usize, body: impl FnOnce(&[Domain<dyn Deep>; 2]) -> R + Send) -> R {
    with_specs(bytes, [spec("even"), spec("odd")], body)
}

fn with_specs<R: Send>(
    bytes: usize,
    specs: [DomainSpec; 2],
    body: impl FnOnce(&[Domain<dyn Deep>; 2]) -> R + Send,
) -> R {
    let before = Totals::now();
    // As long as no thread of the process was contained, a spec with a stack is refused, and this may be the first
    // test to run. So another thread is contained first. This thread is not contained, so that the runtime does not
    // know its stack.
    thread::spawn(|| drop(contained(false))).join().unwrap();
    let [even, odd] = specs;
    let domains = [spawn(0, even), spawn(1, odd)];
    let result = {
        let mut proxies = domains.each_ref().map(|domain| domain.proxy().unwrap());
        for (end, proxy) in iter::zip(&ENDS, &mut proxies) {
            end.store(proxy, SeqCst);
        }
        thread::scope(|scope| {
            let run = || {
                let _contained = contained(true);
                body(&domains)
            };
            let thread = thread::Builder::new().stack_size(bytes);
            thread.spawn_scoped(scope, run).unwrap().join().unwrap()
        })
    };
    for domain in &domains {
        domain.kill();
    }
    drop(domains);
    wait_until("the reclaim", || {
        host().reap();
        Totals::now() == before
    });
    result
}

fn chain(domains: &[Domain<dyn Deep>; 2], trap_at: usize) -> Result<usize, RpcError> {
    DEEPEST.store(0, SeqCst);
    let proxy = domains[0].proxy().unwrap();
    proxy.chain(0, trap_at, RRef::new(0))
}

/// Returns whether both domains are alive and have never died.
fn have_never_died(domains: &[Domain<dyn Deep>; 2]) -> bool {
    domains
        .iter()
        .all(|domain| domain.exit_reason().is_none() && domain.restarts() == 0)
}

/// Invariant: ORDER-34
/// Failure: F-17
#[test]
fn an_endless_chain_is_refused_before_an_overflow() {
    let _alone = alone();
    let reached = with_stack(1024 * KIB, |domains| {
        let reached = chain(domains, NONE);
        assert!(have_never_died(domains));
        // A second chain gets as deep, so the refused call has left nothing behind.
        assert_eq!(chain(domains, NONE), reached);
        reached
    });
    assert!(reached.is_ok_and(|depth| depth > 20), "{reached:?}");
}

/// Invariant: ORDER-34
/// Failure: F-17
#[test]
fn an_entry_asks_for_the_stack_in_the_spec() {
    let _alone = alone();
    // Larger than the stack of any other thread here, since a new thread may get the stack of a thread that has
    // ended.
    const STACK: usize = 3 << 20;
    let all = with_stack(STACK, |domains| chain(domains, NONE).unwrap());
    let wide = spec("wide").stack(2 << 20);
    with_specs(STACK, [spec("narrow"), wide], |domains| {
        let wide = domains[1].proxy().unwrap();
        let reached = chain(domains, NONE).unwrap();
        assert!(reached < all / 2, "{reached} of {all}");
        MAY_GO_ON.store(true, SeqCst);
        assert_eq!(wide.wait(), Ok(1));
        let deep = pad_until(1 << 20, &|| wide.wait());
        assert_eq!(deep, Err(RpcError::StackExhausted));
        assert!(have_never_died(domains));
    });
}

/// Invariant: ORDER-34
#[test]
fn a_stack_that_no_thread_has_fails_the_start() {
    let _alone = alone();
    let before = Totals::now();
    let refused = thread::spawn(|| {
        let _contained = contained(false);
        let huge =
            host().spawn::<dyn Deep, _, _, _>(spec("huge").stack(usize::MAX), init, Mint::of(|| 0));
        huge.err()
    });
    let Some(SpawnError::Init(reason)) = refused.join().unwrap() else {
        panic!("the domain was started");
    };
    assert_eq!(reason.kind, ExitKind::InitFailed);
    assert!(
        reason.message.as_str().contains("no room for init"),
        "{reason}"
    );
    wait_until("the reclaim", || {
        host().reap();
        Totals::now() == before
    });
}

/// Invariant: ORDER-34
#[test]
fn an_own_thread_with_a_short_stack_is_a_death() {
    let _alone = alone();
    // Larger than any stack that an ended thread can have left to the domain's thread.
    let wide = spec("wide").stack(48 << 20);
    with_specs(64 << 20, [spec("narrow"), wide], |domains| {
        let wide = domains[1].proxy().unwrap();
        assert_eq!(wide.has_thread(), Err(RpcError::Crashed));
        let reason = domains[1].exit_reason().unwrap();
        assert!(
            reason.message.as_str().starts_with("a thread's stack"),
            "{reason}"
        );
    });
}

/// Invariant: ORDER-43
/// Failure: F-17
#[test]
fn with_segments_a_chain_uses_up_its_share() {
    let _alone = alone();
    let reached = with_stack(768 * KIB, |domains| {
        let reached = [0, 1, 32].map(|segments| {
            allow_segments(segments);
            let reached = chain(domains, NONE).unwrap();
            assert_eq!(chain(domains, NONE), Ok(reached));
            reached
        });
        assert!(have_never_died(domains));
        allow_segments(0);
        reached
    });
    // The chain gets half of the segments and one more, and each of these segments holds as many calls as the first
    // one.
    let [without, on_one, on_its_share] = reached;
    let (each, all) = (on_one - without, on_its_share - without);
    assert!((16 * each..=18 * each).contains(&all), "{reached:?}");
}

/// Invariant: ORDER-43
/// Failure: F-17
#[test]
fn a_trap_on_a_segment_is_cut_there() {
    let _alone = alone();
    with_stack(768 * KIB, |domains| {
        let without = chain(domains, NONE).unwrap();
        allow_segments(16);
        for beyond in 1..=8 {
            let at = without + beyond;
            assert_eq!(chain(domains, at), Err(RpcError::Crashed));
            assert_eq!(DEEPEST.load(SeqCst), at);
            let dead = &domains[at % 2];
            assert_eq!(dead.exit_reason().unwrap().kind, ExitKind::Fault);
            for domain in domains {
                if domain.exit_reason().is_some() {
                    domain.restart().unwrap();
                }
            }
            for (end, domain) in iter::zip(&ENDS, domains) {
                // SAFETY: as in `with_specs`; no call is inside.
                unsafe { *end.load(SeqCst) = domain.proxy().unwrap() };
            }
        }
        allow_segments(0);
    });
}

/// Invariant: ORDER-43
#[test]
fn a_caller_that_died_is_left_from_its_own_stack() {
    let _alone = alone();
    for segments in [0, 4] {
        let wide = spec("wide").stack(256 * KIB);
        with_specs(1024 * KIB, [spec("caller"), wide], |domains| {
            for flag in [&WAITS, &MAY_GO_ON, &WENT_ON] {
                flag.store(false, SeqCst);
            }
            allow_segments(segments);
            let used = if segments == 0 { 0 } else { 600 * KIB };
            thread::scope(|scope| {
                scope.spawn(|| {
                    wait_until("the call", || WAITS.load(SeqCst));
                    assert!(domains[0].kill());
                    MAY_GO_ON.store(true, SeqCst);
                });
                let caller = domains[0].proxy().unwrap();
                let result = pad_until(used, &|| caller.relay_wait());
                assert_eq!(result, Err(RpcError::Crashed), "{segments}");
            });
            assert!(domains[1].exit_reason().is_none() && !WENT_ON.load(SeqCst));
            allow_segments(0);
        });
    }
}

/// Invariant: ORDER-38
/// Failure: F-16
#[test]
fn overflow_in_trusted_code_is_a_death_at_every_depth() {
    let _alone = alone();
    let reserves = cuts().reserves;
    with_stack(512 * KIB, |domains| {
        for frames in 0..120 {
            let proxy = domains[0].proxy().unwrap();
            assert_eq!(proxy.dig(frames), Err(RpcError::Crashed), "{frames}");
            let reason = domains[0].exit_reason().unwrap();
            assert!(
                reason.message.as_str().starts_with("stack overflow at"),
                "{reason}"
            );
            domains[0].restart().unwrap();
        }
        assert!(domains[1].exit_reason().is_none());
    });
    let reserves = cuts().reserves - reserves;
    assert!(
        reserves >= 20,
        "only {reserves} of 120 overflows were in trusted code"
    );
}

/// Invariant: ORDER-34
/// Failure: F-16
#[test]
fn calls_on_a_used_up_stack_are_refused() {
    let _alone = alone();
    MAY_GO_ON.store(true, SeqCst);
    with_stack(512 * KIB, |domains| {
        for frames in 0..20 {
            let proxy = domains[0].proxy().unwrap();
            assert_eq!(
                proxy.dig_and_call(frames),
                Err(RpcError::Crashed),
                "{frames}"
            );
            domains[0].restart().unwrap();
        }
        assert!(domains[1].exit_reason().is_none() && domains[1].restarts() == 0);
    });
}
