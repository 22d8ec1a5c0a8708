//! Chains of calls: two domains call each other without end, and the chain of activations tells the owner of each
//! frame.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use samara::prelude::*;
use samara::runtime::contain::Calls;
use samara_unwind::Backtrace;
use samara_unwind::cut::Registers;
use samara_unwind::tables::Registered;
use spin::Mutex;

use super::kernel_tests;
use super::threads::start;
use super::totals::leaves_nothing;
use crate::host::runtime;
use crate::symbols::places;
use crate::thread;

/// A domain that calls another domain, which calls it back.
#[interface]
trait Link {
    fn learn(&self, other: Proxy<dyn Link>) -> Result<(), RpcError>;
    /// Calls the other domain, which calls back, and so on, until `depth` is 0 or a call is refused. Returns the
    /// number of calls below this one.
    fn call(&self, depth: u32, object: RRef<u32>) -> Result<u32, RpcError>;
}

/// The states of the first and of the second domain. They have different types, so that a backtrace tells their
/// methods apart.
struct Left(Mutex<Option<Proxy<dyn Link>>>);
struct Right(Mutex<Option<Proxy<dyn Link>>>);

fn left((): ()) -> Result<Left, RpcError> {
    Ok(Left(Mutex::new(None)))
}

fn right((): ()) -> Result<Right, RpcError> {
    Ok(Right(Mutex::new(None)))
}

/// Makes the next call of the chain. The result is used after that call, so the call is no tail call and this frame
/// stays.
fn go_on(
    other: &Mutex<Option<Proxy<dyn Link>>>,
    depth: u32,
    object: RRef<u32>,
) -> Result<u32, RpcError> {
    let other = other.lock().as_ref().map(Proxy::try_clone);
    let other = other.expect("it was learned").expect("room for it");
    match depth.checked_sub(1) {
        None => {
            look();
            Ok(0)
        }
        Some(depth) => match other.call(depth, RRef::new(*object + 1)) {
            Err(RpcError::StackExhausted) => Ok(0),
            result => Ok(result? + 1),
        },
    }
}

#[inline(never)]
fn of_left(state: &Left, depth: u32, object: RRef<u32>) -> Result<u32, RpcError> {
    // This value differs from the one in `of_right`. Otherwise the compiler could merge the two functions.
    core::hint::black_box(1);
    core::hint::black_box(go_on(&state.0, depth, object))
}

#[inline(never)]
fn of_right(state: &Right, depth: u32, object: RRef<u32>) -> Result<u32, RpcError> {
    core::hint::black_box(2);
    core::hint::black_box(go_on(&state.0, depth, object))
}

impl Link for Left {
    fn learn(&self, other: Proxy<dyn Link>) -> Result<(), RpcError> {
        *self.0.lock() = Some(other);
        Ok(())
    }

    fn call(&self, depth: u32, object: RRef<u32>) -> Result<u32, RpcError> {
        of_left(self, depth, object)
    }
}

impl Link for Right {
    fn learn(&self, other: Proxy<dyn Link>) -> Result<(), RpcError> {
        *self.0.lock() = Some(other);
        Ok(())
    }

    fn call(&self, depth: u32, object: RRef<u32>) -> Result<u32, RpcError> {
        of_right(self, depth, object)
    }
}

/// The indices of both domains' owners, for [`look`].
static INDICES: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

/// Counts the frames that [`look`] has found, by their owner: the left domain, the right domain, and the host.
static SEEN: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];

/// Walks all frames of the running thread. For each frame it checks the owner that the chain of activations gives.
#[inline(never)]
fn look() {
    let slot = &thread::current().slot;
    // SAFETY: the registers are the running thread's own in this call, and the stack is its own, as its slot records.
    let frames = unsafe { Backtrace::new(&Registers::here(), slot.stack(), &Registered) };
    // The owner of the last `invoke` frame that the walk has met. An `invoke` frame holds the activation of the
    // callee, but still belongs to the caller.
    let mut inner = None;
    // SAFETY: the slot is the running thread's, and the thread does not leave this call while its frames are walked.
    for call in unsafe { Calls::new(slot, frames) } {
        let is_in = |function: &str| {
            let places = places(call.pc).into_iter().flatten();
            places
                .into_iter()
                .any(|place| place.function.contains(function))
        };
        if is_in("invoke") {
            inner = Some(call.owner);
        }
        // The third mark is the test itself. Its frame is the host's, and may include functions that were inlined
        // into it.
        let marks = ["of_left", "of_right", "owners_of_frames"];
        let Some(mark) = marks.iter().position(|mark| is_in(mark)) else {
            continue;
        };
        let expected = match mark {
            2 => 0,
            side => INDICES[side].load(SeqCst),
        };
        let is_right = inner
            .take()
            .is_none_or(|inner| mark == 2 || inner == call.owner);
        if is_right && call.owner.index() as u32 == expected {
            SEEN[mark].fetch_add(1, SeqCst);
        } else {
            SEEN[mark].store(1 << 16, SeqCst);
        }
    }
}

fn pair() -> (Domain<dyn Link>, Domain<dyn Link>) {
    let left = runtime().spawn(DomainSpec::new("left"), left, Mint::nothing());
    let right = runtime().spawn(DomainSpec::new("right"), right, Mint::nothing());
    let (left, right): (Domain<dyn Link>, Domain<dyn Link>) =
        (left.expect("a domain"), right.expect("a domain"));
    for (one, other) in [(&left, &right), (&right, &left)] {
        let other = other.proxy().expect("alive");
        assert_eq!(one.proxy().expect("alive").learn(other), Ok(()));
    }
    (left, right)
}

static REACHED: AtomicU32 = AtomicU32::new(0);

/// Runs an endless chain twice, and asserts that both runs get equally far. This shows that the refused call at the
/// end of the first run leaves nothing behind.
fn endless(_: usize) {
    let (left, right) = pair();
    let reached = [0; 2].map(|_| left.proxy().expect("alive").call(u32::MAX, RRef::new(0)));
    assert_eq!(reached[0], reached[1]);
    for domain in [left, right] {
        assert!(domain.exit_reason().is_none(), "no domain died");
        domain.kill();
    }
    REACHED.store(reached[0].expect("refused in the end"), SeqCst);
}

kernel_tests! {
    /// Failure: F-17
    fn endless_chain_is_refused_before_stack_overflow() {
        for on_thread in [false, true] {
            leaves_nothing(|| {
                REACHED.store(0, SeqCst);
                if on_thread {
                    start(endless, 0).join();
                } else {
                    endless(0);
                }
                assert!(REACHED.load(SeqCst) > 50, "{REACHED:?}");
            });
        }
    }

    /// Invariant: TRAP-5
    fn owners_of_frames_are_told_by_the_chain() {
        let (left, right) = pair();
        for (index, domain) in INDICES.iter().zip([&left, &right]) {
            index.store(domain.info().id as u32, SeqCst);
        }
        for depth in 0..40 {
            SEEN.iter().for_each(|seen| seen.store(0, SeqCst));
            assert_eq!(left.proxy().expect("alive").call(depth, RRef::new(0)), Ok(depth));
            let seen = SEEN.each_ref().map(|seen| seen.load(SeqCst));
            assert_eq!(seen, [depth / 2 + 1, depth.div_ceil(2), 1], "{depth}");
        }
        left.kill();
        right.kill();
    }
}
