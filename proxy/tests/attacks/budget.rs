//! Attack: domains that live on although their budget is used up.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(
    unsafe_code,
    reason = "a domain's thread stays in a library of the system's"
)]

use samara_domain_runtime::threads::{Signal, api as own_thread};
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::RRef;
use samara_testkit::contained::{allow_segments, contained};
use samara_testkit::hosted::{alone, host};
use std::ffi::{c_char, c_int, c_void};
use std::hint::black_box;
use std::mem::transmute;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(20);
/// The time within which the domain must be ended. After this time the attack gives up.
const PATIENCE: Duration = Duration::from_secs(4);

type Batch = RRef<[Option<RRef<u64>>]>;

#[interface]
trait Hog {
    /// Calls itself until the attack is over. Each call ends within the budget.
    fn call_itself(&self, me: Proxy<dyn Hog>) -> Result<(), RpcError>;
    /// Works for half of the budget.
    fn work(&self) -> Result<(), RpcError>;
    /// Passes `batch` to `other` and back, until the attack is over.
    fn hand_over(&self, other: Proxy<dyn Echo>, batch: Batch) -> Result<(), RpcError>;
    /// Waits for an interrupt that does not come.
    fn wait(&self) -> Result<(), RpcError>;
    /// Stays in a function of a system library for several budgets, so that each tick finds the thread there.
    fn wait_in_library(&self) -> Result<(), RpcError>;
    /// Does the same as `wait`, but on a thread of its own.
    fn wait_on_thread(&self) -> Result<(), RpcError>;
}

#[interface]
trait Echo {
    fn echo(&self, batch: Batch) -> Result<Batch, RpcError>;
}

/// Sorting this many words takes several budgets.
const WORDS: usize = 1 << 20;

/// Returns a C string of seven bytes. Successive strings are in hardly any order.
fn word(at: usize) -> [u8; 8] {
    let mixed = (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut word = mixed.to_le_bytes().map(|byte| byte | 1);
    word[7] = 0;
    word
}

/// The test makes the words before the domain's budget begins to count.
static UNSORTED: LazyLock<Mutex<Vec<[u8; 8]>>> =
    LazyLock::new(|| Mutex::new((0..WORDS).map(word).collect()));

/// The time at which the attack gives up, in microseconds since the start.
static END: AtomicU64 = AtomicU64::new(0);
static START: LazyLock<Instant> = LazyLock::new(Instant::now);
fn is_over() -> bool {
    START.elapsed().as_micros() as u64 > END.load(SeqCst)
}

static SIGNAL: Signal = Signal::new();

struct State;
impl Hog for State {
    fn call_itself(&self, me: Proxy<dyn Hog>) -> Result<(), RpcError> {
        while !is_over() {
            me.work()?;
        }
        Ok(())
    }
    fn work(&self) -> Result<(), RpcError> {
        let began = Instant::now();
        while began.elapsed() < BUDGET / 2 {
            black_box(0);
        }
        Ok(())
    }
    fn hand_over(&self, other: Proxy<dyn Echo>, mut batch: Batch) -> Result<(), RpcError> {
        while !is_over() {
            batch = other.echo(batch)?;
        }
        Ok(())
    }
    fn wait(&self) -> Result<(), RpcError> {
        while !is_over() {
            SIGNAL.wait(SIGNAL.count(), PATIENCE);
        }
        Ok(())
    }
    fn wait_in_library(&self) -> Result<(), RpcError> {
        // This one call lasts several budgets. `qsort` is none of the functions that copy, fill or compare memory, in
        // which a tick may cut.
        let mut words = UNSORTED.lock().unwrap_or_else(PoisonError::into_inner);
        let compare: unsafe extern "C" fn(*const c_char, *const c_char) -> c_int = libc::strcmp;
        // SAFETY: both types take two pointers; pointers are passed alike, whatever they point to.
        let compare: unsafe extern "C" fn(*const c_void, *const c_void) -> c_int =
            unsafe { transmute(compare) };
        // SAFETY: `WORDS` elements of 8 bytes, each of which is a string with its terminator.
        unsafe { libc::qsort(words.as_mut_ptr().cast(), WORDS, 8, Some(compare)) };
        // This yield is the next boundary, where the domain is cut.
        own_thread::yield_now();
        Ok(())
    }
    fn wait_on_thread(&self) -> Result<(), RpcError> {
        let wait = || {
            while !is_over() {
                SIGNAL.wait(SIGNAL.count(), PATIENCE);
            }
        };
        own_thread::spawn(wait)
            .map(drop)
            .map_err(|_| RpcError::OutOfMemory)
    }
}
struct Parrot;
impl Echo for Parrot {
    fn echo(&self, batch: Batch) -> Result<Batch, RpcError> {
        Ok(batch)
    }
}
fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}
fn parrot((): ()) -> Result<Parrot, RpcError> {
    Ok(Parrot)
}

fn must_die(call: impl FnOnce(&Domain<dyn Hog>) -> Result<(), RpcError>) {
    let _alone = alone();
    let _contained = contained(true);
    let spec = DomainSpec::new("hog").budget(BUDGET);
    let hog: Domain<dyn Hog> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let end = START.elapsed() + PATIENCE;
    END.store(end.as_micros() as u64, SeqCst);
    let began = Instant::now();
    let result = call(&hog);
    let took = began.elapsed();
    assert_eq!(
        result,
        Err(RpcError::Crashed),
        "after {took:?} with a budget of {BUDGET:?}"
    );
    assert_eq!(hog.exit_reason().unwrap().kind, ExitKind::Overrun);
    assert!(took < PATIENCE / 2, "{took:?}");
    drop(hog);
    host().reap();
}

/// Invariant: ORDER-17
#[test]
fn calls_to_itself_use_up_the_budget() {
    must_die(|hog| hog.proxy().unwrap().call_itself(hog.proxy().unwrap()));
}

/// Invariant: ORDER-17
#[test]
fn moving_many_objects_uses_up_the_budget() {
    hands_over(0);
}

/// Invariant: ORDER-17
#[test]
fn moving_over_a_segment_uses_up_the_budget() {
    // This is more than the stack of the test's thread, so the calls continue on a segment.
    hands_over(16 << 20);
}

/// Moves a large batch to and from a domain that asks for `stack` bytes of stack.
fn hands_over(stack: usize) {
    must_die(|hog| {
        allow_segments(4);
        let spec = DomainSpec::new("parrot").budget(BUDGET).stack(stack);
        let other: Domain<dyn Echo> = host().spawn(spec, parrot, Mint::nothing()).unwrap();
        let batch = RRef::<[Option<RRef<u64>>]>::try_from_fn(1 << 22, |_| None).unwrap();
        let result = hog
            .proxy()
            .unwrap()
            .hand_over(other.proxy().unwrap(), batch);
        allow_segments(0);
        assert!(
            other.exit_reason().is_none(),
            "the other domain is not at fault"
        );
        result
    });
}

/// Invariant: ORDER-25
#[test]
fn time_in_a_library_uses_up_the_budget() {
    LazyLock::force(&UNSORTED);
    must_die(|hog| hog.proxy().unwrap().wait_in_library());
}

#[test]
fn interrupt_wait_uses_up_the_budget() {
    must_die(|hog| hog.proxy().unwrap().wait());
}

/// Invariant: ORDER-17
#[test]
fn interrupt_wait_on_own_thread_uses_up_the_budget() {
    must_die(|hog| {
        hog.proxy().unwrap().wait_on_thread()?;
        while START.elapsed().as_micros() < u128::from(END.load(SeqCst)) {
            if hog.exit_reason().is_some() {
                return Err(RpcError::Crashed);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    });
}
