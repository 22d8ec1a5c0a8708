//! Ticks at every instruction by which a call enters a domain and returns, with a `catch` of the caller's own around
//! the call. In optimised code the call's boundary and this `catch` are in one frame. No cut may land in the caller's
//! `catch`.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::contain::Verdict;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::{Exchangeable, RRef};
use samara_shared_heap::heap;
use samara_testkit::contained::{Stepped, arm, stepping};
use samara_testkit::hosted::{Totals, alone, host, wait_until};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The single steps that a walk may take.
const STEPS: u64 = if cfg!(debug_assertions) {
    100_000
} else {
    250_000
};

type Nested<T> = RRef<[RRef<T>]>;

/// The value that calls move. Moving it is too much code to be inlined.
#[derive(Exchangeable)]
struct Parcel {
    rows: RRef<[Nested<u64>]>,
    some: Option<Nested<u64>>,
    pair: (Nested<u32>, RRef<RRef<RRef<u8>>>),
    either: Result<Nested<u16>, RRef<u8>>,
}

type Batch = RRef<[Parcel]>;

fn slice<T: Exchangeable>(count: usize, mut make: impl FnMut(usize) -> T) -> Nested<T> {
    RRef::try_from_fn(count, |at| RRef::new(make(at))).unwrap()
}

fn batch() -> Batch {
    let parcel = |at| Parcel {
        rows: RRef::try_from_fn(1, |_| slice(2, |at| at as u64)).unwrap(),
        some: Some(slice(1, |at| at as u64)),
        pair: (slice(1, |at| at as u32), RRef::new(RRef::new(RRef::new(9)))),
        either: Ok(slice(1, |_| at as u16)),
    };
    RRef::try_from_fn(1, parcel).unwrap()
}

fn assert_whole(batch: &Batch) {
    assert_eq!(
        (batch.len(), ***batch[0].pair.1, *batch[0].rows[0][1]),
        (1, 9, 1)
    );
}

#[interface]
trait Worker {
    /// Arms the single steps at its end, so that the return of the call is stepped.
    fn plain(&self) -> Result<u64, RpcError>;
    fn nested(&self) -> Result<Batch, RpcError>;
    fn echo(&self, batch: Batch) -> Result<Batch, RpcError>;
}

struct State;

impl Worker for State {
    fn plain(&self) -> Result<u64, RpcError> {
        arm();
        Ok(7)
    }
    fn nested(&self) -> Result<Batch, RpcError> {
        let made = batch();
        arm();
        Ok(made)
    }
    fn echo(&self, batch: Batch) -> Result<Batch, RpcError> {
        Ok(batch)
    }
}

fn guard<R>(call: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(call)).expect("the caller's own catch must catch nothing")
}

#[inline(never)]
fn plain(proxy: &Proxy<dyn Worker>) -> Result<(), RpcError> {
    guard(|| proxy.plain()).map(|seven| assert_eq!(seven, 7))
}

#[inline(never)]
fn nested(proxy: &Proxy<dyn Worker>) -> Result<(), RpcError> {
    guard(|| proxy.nested()).map(|batch| assert_whole(&batch))
}

#[inline(never)]
fn echo(proxy: &Proxy<dyn Worker>) -> Result<(), RpcError> {
    let batch = batch();
    let call = || {
        arm();
        proxy.echo(batch)
    };
    guard(call).map(|batch| assert_whole(&batch))
}

/// Ticks at every instruction of `call`, from where it arms the steps. Returns how many ticks cut the call, and how
/// many calls returned normally.
fn walk(name: &str, call: fn(&Proxy<dyn Worker>) -> Result<(), RpcError>) -> [u64; 2] {
    let _alone = alone();
    let contained = stepping();
    let before = Totals::now();
    let mut counts = [0; 2];
    {
        // Any time at all uses up this budget.
        let spec = DomainSpec::new(name).budget(Duration::from_micros(1));
        let spec = spec.restart(Restart::limited(u32::MAX, Duration::from_secs(1)));
        let init = |()| Ok::<_, RpcError>(State);
        let worker: Domain<dyn Worker> = host().spawn(spec, init, Mint::nothing()).unwrap();
        let census = || {
            host().reap();
            (heap::census_all(), host().domains().count())
        };
        let running = census();
        let mut step = |at| -> Stepped {
            let proxy = worker.proxy().unwrap();
            let (result, stepped) = contained.step_armed(at, false, || call(&proxy));
            let died = worker.exit_reason().is_some();
            match result {
                Ok(()) => counts[1] += 1,
                Err(error) => assert_eq!((error, died), (RpcError::Crashed, true), "{stepped:?}"),
            }
            counts[0] += u64::from(stepped.verdict == Some(Verdict::Cut));
            drop(proxy);
            // Each entry must have exactly one counted exit. With fewer exits the domain would still be draining
            // here, and with more exits it could run again too early.
            if died {
                worker.restart().unwrap();
            }
            assert_eq!(census(), running, "{at} {stepped:?}");
            stepped
        };
        for _ in 0..3 {
            step(u64::MAX - 1);
        }
        let whole = step(u64::MAX - 1).steps;
        let stride = (whole * whole / 2 / STEPS).max(1);
        for at in (0..whole + whole / 8).step_by(stride as usize) {
            step(at);
        }
        println!("{name}: {whole} instructions, every {stride}: {counts:?} cut, came back");
        assert!(worker.kill());
    }
    wait_until("the reclaims", || {
        host().reap();
        Totals::now() == before
    });
    counts
}

/// Invariant: ORDER-12
#[test]
fn a_tick_on_the_way_out_spares_the_callers_catch() {
    for (name, call) in [
        ("plain", plain as fn(&_) -> _),
        ("nested", nested as fn(&_) -> _),
    ] {
        let [_, came_back] = walk(name, call);
        assert!(came_back > 0, "{name}");
    }
}

/// Invariant: ORDER-12
#[test]
fn a_tick_on_the_way_in_spares_the_callers_catch() {
    let [cut, came_back] = walk("echo", echo);
    // A debug build takes only a few samples.
    assert!((cut > 0 || cfg!(debug_assertions)) && came_back > 0);
}
