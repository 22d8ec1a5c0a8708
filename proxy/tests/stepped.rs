//! Cuts at every instruction of a domain's life: of its own code, of the heap, of an allocator, and of calls on
//! their way in and out.
//!
//! Failure: F-18
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::contain::Verdict;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::RRef;
use samara_shared_heap::heap;
use samara_testkit::contained::{Contained, Stepped, stepping};
use samara_testkit::hosted::{Totals, alone, host};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The single steps that a test may take. Optimised code is short enough to be cut at every instruction. A debug
/// build checks its heaps at every step, so it is cut only at some instructions.
const STEPS: u64 = if cfg!(debug_assertions) {
    150_000
} else {
    1_500_000
};

#[interface]
trait Worker {
    /// Does a little of everything.
    fn work(&self, object: RRef<RRef<u64>>, lent: &RRef<[u8]>)
    -> Result<RRef<RRef<u64>>, RpcError>;
    /// Calls `leaf` of `other` with an object of its own.
    fn relay(&self, other: Proxy<dyn Worker>) -> Result<u64, RpcError>;
    fn leaf(&self, object: RRef<u64>) -> Result<u64, RpcError>;
}

struct State(u64);

static DROPPED: AtomicUsize = AtomicUsize::new(0);

/// Has private memory, except in debug builds: there `talc` checks its whole heap at each request, which takes
/// a quarter of a million instructions.
struct DropCounter(Option<Box<u64>>);
impl Drop for DropCounter {
    fn drop(&mut self) {
        // A cut runs no destructors, so this destructor runs only in calls that were not cut before it.
        DROPPED.fetch_add(self.0.as_ref().map_or(1, |at| **at as usize), SeqCst);
    }
}

/// A leaf function with more locals than registers. The other locals lie below the stack pointer, in the red zone.
#[inline(never)]
fn red_zone(seed: u64) -> u64 {
    let mut words = [0_u64; 12];
    for (at, word) in words.iter_mut().enumerate() {
        *word = black_box(seed.wrapping_mul(at as u64));
    }
    words
        .iter()
        .fold(seed, |sum, word| sum.rotate_left(5) ^ word)
}

/// Pushes every preserved register in its prologue.
#[inline(never)]
fn pushes(seed: u64, next: fn(u64) -> u64) -> u64 {
    let words: [u64; 6] = std::array::from_fn(|at| black_box(seed + at as u64));
    let sum = black_box(next)(words[0]);
    words
        .iter()
        .fold(sum, |sum, word| sum.wrapping_mul(31) ^ word)
}

/// A generic function: each type has its own machine code.
#[inline(never)]
fn generic<T: Copy + Default + PartialEq>(value: T) -> bool {
    let copies = black_box([value; 9]);
    copies.iter().all(|copy| *copy == value) && value != T::default()
}

impl Worker for State {
    fn work(
        &self,
        object: RRef<RRef<u64>>,
        lent: &RRef<[u8]>,
    ) -> Result<RRef<RRef<u64>>, RpcError> {
        let counter = DropCounter((!cfg!(debug_assertions)).then(|| Box::new(1)));
        let mut bytes = [0_u8; 96];
        bytes[..lent.len()].copy_from_slice(lent);
        let shared = RRef::new(black_box(bytes));
        let sum = pushes(u64::from(shared[3]), red_zone) ^ pushes(self.0, red_zone);
        let matches = generic(black_box(7_u8)) && generic(black_box(2.5_f64));
        drop(shared);
        drop(counter);
        let inner = RRef::new(**object ^ sum ^ u64::from(matches));
        drop(object);
        Ok(RRef::new(inner))
    }
    fn relay(&self, other: Proxy<dyn Worker>) -> Result<u64, RpcError> {
        let result = other.leaf(RRef::new(self.0));
        Ok(result.unwrap_or(u64::MAX))
    }
    fn leaf(&self, object: RRef<u64>) -> Result<u64, RpcError> {
        Ok(red_zone(*object) & 0xff)
    }
}

fn init(seed: u64) -> Result<State, RpcError> {
    // This allocation makes sure that the domain's private heap has memory from the start.
    Ok(*black_box(Box::new(State(seed))))
}

fn spawn(name: &str, limited: bool) -> Domain<dyn Worker> {
    let spec = DomainSpec::new(name).restart(Restart::limited(u32::MAX, Duration::from_secs(1)));
    let spec = if limited {
        // Any time at all uses up this budget.
        spec.budget(Duration::from_micros(1))
    } else {
        spec
    };
    host().spawn(spec, init, Mint::of(|| 5)).unwrap()
}

/// Counts what is alive now. Caches stay full, since otherwise each call would begin by filling them.
fn census() -> (heap::Census, usize) {
    host().reap();
    (heap::census_all(), host().domains().count())
}

/// The verdicts of a walk.
#[derive(Debug, Default)]
struct Walk {
    instructions: u64,
    cut: u64,
    later: u64,
    resumed: u64,
}

impl Walk {
    /// Asserts that at least `cut` ticks cut the call, and that at least `later` ticks put the cut off. A debug build
    /// only takes samples, so one of each is enough there.
    fn assert_seen(&self, cut: u64, later: u64) {
        let (cut, later) = if cfg!(debug_assertions) {
            (1, 1)
        } else {
            (cut, later)
        };
        assert!(self.cut >= cut && self.later >= later, "{self:?}");
    }
}

/// Repeats `call` once for each of its instructions, and ticks at this instruction. If `insists`, it also ticks at
/// all later instructions. After each run, `after` checks the result.
fn walk<R>(
    contained: &Contained,
    insists: bool,
    mut call: impl FnMut(&mut dyn FnMut(&mut dyn FnMut()) -> Stepped) -> (R, Stepped),
    mut after: impl FnMut(R, Stepped),
) -> Walk {
    let mut walk = Walk::default();
    // The first calls fill the caches of the heaps.
    for _ in 0..3 {
        call(&mut |body| contained.step(0, false, body).1);
    }
    let (_, whole) = call(&mut |body| contained.step(u64::MAX - 1, false, body).1);
    assert_eq!(whole.verdict, None);
    walk.instructions = whole.steps;
    let stride = (whole.steps * whole.steps / 2 / STEPS).max(1);
    println!("{} instructions, every {stride}", whole.steps);
    let mut at = 0;
    // Goes a little beyond the end, because some runs are longer than the first.
    while at < whole.steps + whole.steps / 8 {
        let (result, stepped) = call(&mut |body| contained.step(at, insists, body).1);
        match stepped.verdict {
            Some(Verdict::Cut) => walk.cut += 1,
            Some(Verdict::Later) => walk.later += 1,
            Some(Verdict::Resume) => walk.resumed += 1,
            other => assert_eq!(other, None),
        }
        after(result, stepped);
        at += stride;
    }
    walk
}

/// Ticks at every instruction of a call that does a little of everything.
fn work(insists: bool) -> Walk {
    let _alone = alone();
    let contained = stepping();
    let before = Totals::now();
    let walk = {
        let victim = spawn("stepped", true);
        let running = census();
        let call = |stepping: &mut dyn FnMut(&mut dyn FnMut()) -> Stepped| {
            let proxy = victim.proxy().unwrap();
            let lent = RRef::from_slice(&[1, 2, 3, 4, 5]);
            let mut object = Some(RRef::new(RRef::new(9)));
            let mut result = None;
            let stepped = stepping(&mut || {
                result = object.take().map(|object| proxy.work(object, &lent));
            });
            drop((proxy, lent));
            (result.expect("the call was made"), stepped)
        };
        let after = |result: Result<RRef<RRef<u64>>, RpcError>, stepped: Stepped| {
            let died = victim.exit_reason().is_some();
            match &result {
                Ok(object) => assert!(**object.as_ref() != 0 || !died, "{stepped:?}"),
                Err(error) => assert_eq!((*error, died), (RpcError::Crashed, true), "{stepped:?}"),
            }
            if stepped.verdict == Some(Verdict::Cut) {
                assert!(died, "{stepped:?}");
            }
            drop(result);
            if died {
                victim.restart().unwrap();
            }
            assert_eq!(census(), running, "{stepped:?}");
        };
        let walk = walk(&contained, insists, call, after);
        assert!(victim.kill());
        walk
    };
    assert_eq!(Totals::now(), before);
    walk
}

/// Invariant: ORDER-10
#[test]
fn a_tick_at_every_instruction_leaves_heaps_whole() {
    let walk = work(false);
    println!("{walk:?}");
    walk.assert_seen(100, 50);
}

#[test]
fn endless_ticks_cut_at_the_first_chance() {
    let walk = work(true);
    println!("{walk:?}");
    assert!(
        walk.cut > walk.instructions / 2 || cfg!(debug_assertions),
        "{walk:?}"
    );
    assert_eq!(walk.later, 0, "{walk:?}");
}

/// Ticks at every instruction of a call through another domain. The caller has a budget if `first`, the callee
/// if `second`.
fn relay(first: bool, second: bool) -> Walk {
    let _alone = alone();
    let contained = stepping();
    let before = Totals::now();
    let walk = {
        let (caller, callee) = (spawn("caller", first), spawn("callee", second));
        let running = census();
        let call = |stepping: &mut dyn FnMut(&mut dyn FnMut()) -> Stepped| {
            let proxy = caller.proxy().unwrap();
            let mut other = Some(callee.proxy().unwrap());
            let mut result = None;
            let stepped = stepping(&mut || {
                result = other.take().map(|other| proxy.relay(other));
            });
            drop(proxy);
            (result.expect("the call was made"), stepped)
        };
        let after = |result: Result<u64, RpcError>, stepped: Stepped| {
            let dead = [&caller, &callee].map(|domain| domain.exit_reason().is_some());
            let expected = match result {
                Ok(u64::MAX) => [false, true],
                Ok(_) => [false, false],
                Err(error) => {
                    assert_eq!(error, RpcError::Crashed, "{stepped:?}");
                    [true, false]
                }
            };
            // A domain that is cut while its call returns is dead, although the caller gets the result.
            let late = matches!(result, Ok(value) if value != u64::MAX) && dead != [false, false];
            assert!(dead == expected || late, "{result:?} {dead:?} {stepped:?}");
            for domain in [&caller, &callee] {
                if domain.exit_reason().is_some() {
                    domain.restart().unwrap();
                }
            }
            assert_eq!(census(), running, "{stepped:?}");
        };
        let walk = walk(&contained, false, call, after);
        assert!(caller.kill() && callee.kill());
        walk
    };
    assert_eq!(Totals::now(), before);
    walk
}

/// Invariant: ORDER-10, ORDER-33
#[test]
fn a_caller_may_be_cut_at_each_instruction() {
    let walk = relay(true, false);
    println!("{walk:?}");
    walk.assert_seen(20, 10);
}

/// Invariant: ORDER-10
#[test]
fn a_callee_may_be_cut_at_each_instruction() {
    let walk = relay(false, true);
    println!("{walk:?}");
    walk.assert_seen(20, 10);
}
