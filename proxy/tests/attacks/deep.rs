//! Attacks by a stack with more frames than a cut can unwind, and by a move of a deeply nested object on a short
//! stack.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::{Exchangeable, RRef};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{Totals, alone, host, wait_until};
use std::hint::black_box;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[path = "../fixtures/pad.rs"]
mod pad;
use pad::pad;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

macro_rules! nest {
    ($outer:ident $inner:ident $($rest:ident)*) => {
        #[derive(Exchangeable)]
        struct $outer { inside: Option<RRef<[$inner]>>, beside: (Option<RRef<u8>>, [Option<RRef<u8>>; 1]) }
        impl $outer {
            fn new() -> Self {
                let inside = RRef::<[$inner]>::try_from_fn(1, |_| $inner::new()).ok();
                Self { inside, beside: (None, [None]) }
            }
        }
        nest!($inner $($rest)*);
    };
    ($outer:ident) => {
        #[derive(Exchangeable)]
        struct $outer(u8);
        impl $outer {
            fn new() -> Self { Self(1) }
        }
    };
}
// These levels nest as deep as a moved type may. With sixty levels instead of these fifteen, moving the object
// overran the stack.
nest!(A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 B0 B1 B2 B3 B4);
const _: () = assert!(A0::DEPTH + 4 > samara_rref::MAX_DEPTH - 2);

#[interface]
trait Deep {
    /// Recurses `frames` deep and loops there, or overruns the stack.
    fn dig(&self, frames: u64) -> Result<u64, RpcError>;
    /// Recurses and moves a deeply nested object at every step.
    fn hand_over(&self, other: Proxy<dyn Other>, pad: usize) -> Result<u64, RpcError>;
}
#[interface]
trait Other {
    fn take(&self, nested: RRef<A0>) -> Result<RRef<A0>, RpcError>;
    fn ping(&self) -> Result<u64, RpcError>;
}

/// Recurses with as small a frame as there is.
#[inline(never)]
fn down(left: u64, next: fn(u64, u64) -> u64) -> u64 {
    if left == 0 {
        loop {
            std::hint::spin_loop();
        }
    }
    black_box(next)(left - 1, 0) + 1
}
#[inline(never)]
fn step(left: u64, _: u64) -> u64 {
    down(left, black_box(step as fn(u64, u64) -> u64)) + 1
}

#[inline(never)]
fn hand_deeper(other: &Proxy<dyn Other>, nested: RRef<A0>, depth: u64) -> u64 {
    let room = black_box([depth; 4]);
    match other.take(nested) {
        Ok(nested) => hand_deeper(other, nested, depth + 1) + room[0],
        Err(error) => {
            assert_eq!(error, RpcError::StackExhausted);
            depth
        }
    }
}

struct State;
impl Deep for State {
    fn dig(&self, frames: u64) -> Result<u64, RpcError> {
        Ok(step(frames, 0))
    }
    fn hand_over(&self, other: Proxy<dyn Other>, frames: usize) -> Result<u64, RpcError> {
        let mut nested = Some(RRef::new(A0::new()));
        Ok(pad(frames, &mut || {
            nested
                .take()
                .map_or(0, |nested| hand_deeper(&other, nested, 1))
        }))
    }
}
struct Taker;
impl Other for Taker {
    fn take(&self, nested: RRef<A0>) -> Result<RRef<A0>, RpcError> {
        Ok(nested)
    }
    fn ping(&self) -> Result<u64, RpcError> {
        Ok(1)
    }
}
fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}
fn taker((): ()) -> Result<Taker, RpcError> {
    Ok(Taker)
}

fn on_a_stack<R: Send + 'static>(size: usize, run: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, ended) = mpsc::channel();
    let body = move || {
        let _contained = contained(true);
        let _ = done.send(run());
    };
    thread::Builder::new().stack_size(size).spawn(body).unwrap();
    let wait = Duration::from_secs(20);
    ended
        .recv_timeout(wait)
        .expect("the domain was not ended within 20 s: the host's thread is lost")
}

fn many_frames(frames: u64, budget: Duration) -> ExitKind {
    let _alone = alone();
    on_a_stack(32 << 20, move || {
        let spec = DomainSpec::new("deep").budget(budget);
        let domain: Domain<dyn Deep> = host().spawn(spec, init, Mint::nothing()).unwrap();
        assert_eq!(domain.proxy().unwrap().dig(frames), Err(RpcError::Crashed));
        domain.exit_reason().unwrap().kind
    })
}

/// Invariant: ORDER-14
#[test]
fn loop_under_very_many_frames_is_cut() {
    assert_eq!(
        many_frames(140_000, Duration::from_millis(50)),
        ExitKind::Overrun
    );
}

/// Invariant: ORDER-14
#[test]
fn overflow_of_a_large_stack_ends_one_domain() {
    assert_eq!(
        many_frames(u64::MAX, Duration::from_secs(60)),
        ExitKind::Fault
    );
}

/// Invariant: ORDER-31
#[test]
fn deep_nesting_moves_on_any_admitted_stack() {
    let _alone = alone();
    let before = Totals::now();
    on_a_stack(1 << 20, || {
        let other: Domain<dyn Other> = host()
            .spawn(DomainSpec::new("taker"), taker, Mint::nothing())
            .unwrap();
        for pad in 0..40 {
            let deep: Domain<dyn Deep> = host()
                .spawn(DomainSpec::new("deep"), init, Mint::nothing())
                .unwrap();
            let result = deep.proxy().unwrap().hand_over(other.proxy().unwrap(), pad);
            assert!(
                matches!(result, Ok(_) | Err(RpcError::Crashed)),
                "{result:?}"
            );
            assert_eq!(
                other.proxy().unwrap().ping(),
                Ok(1),
                "the callee is not at fault"
            );
            deep.kill();
        }
        other.kill();
    });
    wait_until("the reclaim", || {
        host().reap();
        Totals::now() == before
    });
}
