//! A domain dies thousands of times in one run, in all ways, while other threads call it. Nothing is left behind, and
//! the kernel goes on.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use spin::Mutex;

use super::crashing_domain::{Mortal, Way, spawn_with};
use super::kernel_tests;
use super::stack_exhaustion::Trusted;
use super::threads::start;
use super::totals::Totals;
use crate::mm::frames::{self, FrameOwner};
use crate::thread::spawn::Handle;
use crate::thread::{OWN_STACK_FRAMES, request, reserve};
use crate::{println, time};

/// The number of deaths, unless the command line says `deaths=N`.
const DEATHS: u32 = 10_000;

/// The domain's budget, after which a hang ends in its death. It spans several ticks, since on an emulated machine
/// two ticks may fall into one short call, which must not count as a hang.
const BUDGET: Duration = Duration::from_millis(8);

/// One in this many deaths is a loop without end. Each such death takes a whole budget.
const HANGS: u64 = 16;

/// One in this many deaths is a stack overflow, often in trusted code. On a slow machine the budget ends some of these
/// deaths earlier, so they are frequent.
const DIGS: u64 = 7;

/// Returns the next pseudo-random number (splitmix64).
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

static VICTIM: Mutex<Option<Domain<dyn Mortal>>> = Mutex::new(None);
static OVER: AtomicBool = AtomicBool::new(false);
static CALLS: AtomicU32 = AtomicU32::new(0);

/// Calls the domain over and over. The domain may be dead already, or may die during the call because of another
/// thread's call.
fn bystander(_: usize) {
    let domain = VICTIM.lock().clone().expect("a victim");
    while !OVER.load(SeqCst) {
        if let Ok(proxy) = domain.proxy() {
            match proxy.work() {
                Ok(_) => CALLS.fetch_add(1, SeqCst),
                Err(RpcError::Dead | RpcError::Crashed) => 0,
                Err(error) => panic!("{error:?}"),
            };
        }
        request::sleep(Duration::from_millis(1));
    }
}

/// Makes the domain die once, and restarts it.
fn die(domain: &Domain<dyn Mortal>, state: &mut u64) {
    let drawn = draw(state);
    let proxy = domain.proxy().expect("alive");
    let kept = RRef::new(drawn);
    let ended = if drawn.is_multiple_of(HANGS) {
        proxy.hang()
    } else if drawn.is_multiple_of(DIGS) {
        let code = Trusted::ALL[(drawn >> 8) as usize % Trusted::ALL.len()];
        proxy.dig(code, (drawn >> 32) as u32 % 64)
    } else {
        let way = Way::ALL[(drawn >> 8) as usize % Way::ALL.len()];
        proxy.die(way)
    };
    assert_eq!(ended, Err(RpcError::Crashed));
    assert_eq!(*kept, drawn, "the object that stayed here is untouched");
    domain.restart().expect("within the budget of restarts");
}

kernel_tests! {
    /// Invariant: TRAP-8
    /// Failure: F-40
    fn ten_thousand_deaths_leave_nothing() {
        let deaths = crate::BOOT_INFO
            .get()
            .and_then(|info| info.command_line.get("deaths")?.parse().ok())
            .unwrap_or(DEATHS);
        let domain = spawn_with(DomainSpec::new("mortal").budget(BUDGET));
        let mut state = 1;
        for _ in 0..100 {
            die(&domain, &mut state); // the host's own tables grow first
        }
        let (before, reserves) = (Totals::now(), reserve::counts());
        let began = time::since_boot();

        *VICTIM.lock() = Some(domain.clone());
        OVER.store(false, SeqCst);
        let bystanders: [Handle; 2] = core::array::from_fn(|_| start(bystander, 0));
        for _ in 0..deaths {
            die(&domain, &mut state);
        }
        OVER.store(true, SeqCst);
        bystanders.into_iter().for_each(Handle::join);
        *VICTIM.lock() = None;

        let took = time::since_boot() - began;
        assert_eq!(Totals::now(), before, "after {deaths} deaths");
        assert_eq!(frames::owned_by(FrameOwner::STACKS), OWN_STACK_FRAMES);
        assert!(!samara_unwind::is_unwinding());
        assert!(domain.restarts() >= deaths + 100);
        let (opened, closed) = reserve::counts();
        let (opened, closed) = (opened - reserves.0, closed - reserves.1);
        assert_eq!(opened, closed, "each reserve that was opened is closed again");
        assert!(opened > deaths / 100, "only {opened} of {deaths} deaths opened the reserve");
        println!(
            "{deaths} deaths and restarts in {took:?}, {} of them with the reserve, {CALLS:?} calls by other threads",
            opened
        );
        domain.stop(Duration::from_secs(5)).expect("no thread is inside");
    }
}
