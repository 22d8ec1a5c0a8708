//! Threads take turns, and switches do not change their registers.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst};
use core::time::Duration;

use super::kernel_tests;
use super::register_pattern::keep;
use crate::mm::frames::{self, FrameOwner};
use crate::thread::OWN_STACK_FRAMES;
use crate::thread::cpu;
use crate::thread::request::{self, Token};
use crate::thread::spawn::{Handle, PANICKED, Start, free_ended, spawn};
use crate::thread::tick;
use crate::time;

/// The timeout of waits in these tests. A wait that works takes less than a tenth of it.
const LONG: Duration = Duration::from_secs(20);

/// Starts a thread of the host.
pub(super) fn start(function: fn(usize), argument: usize) -> Handle {
    spawn(Start::Host(function, argument))
        .ok()
        .expect("a place and memory")
}

/// While this value exists, the tick has a very short period.
pub(super) struct FastTick;

impl FastTick {
    pub(super) fn begin() -> Self {
        tick::set_period(Duration::from_micros(20));
        Self
    }
}

impl Drop for FastTick {
    fn drop(&mut self) {
        tick::set_period(tick::default_period());
    }
}

/// Returns the number of switches so far.
fn switches() -> u32 {
    x86_64::instructions::interrupts::without_interrupts(|| cpu::this().switches.load(SeqCst))
}

/// Returns the number of ticks so far.
fn ticks() -> u32 {
    x86_64::instructions::interrupts::without_interrupts(|| cpu::this().ticks.load(SeqCst))
}

/// The number of switches over which each thread keeps its pattern. It is limited since an emulated machine ticks
/// only about every millisecond, however short the period is.
const SWITCHES: u32 = 1_000;

static KEPT: AtomicU32 = AtomicU32::new(0);

fn keeper(number: usize) {
    let (first, began) = (switches(), time::since_boot());
    let mut round = 0_u64;
    while switches().wrapping_sub(first) < SWITCHES && time::since_boot() - began < LONG {
        let seed = (number as u64) << 40 | round << 20 | 0x5_a5a5;
        if let Err(lost) = keep(seed, 10_000) {
            panic!("thread {number}, round {round}: {lost}");
        }
        round += 1;
    }
    KEPT.fetch_add(1, SeqCst);
}

static ROUND: AtomicU64 = AtomicU64::new(0);
static PEERS: [AtomicU32; 2] = [const { AtomicU32::new(u32::MAX) }; 2];
const ROUNDS: u64 = 5_000;

/// In each round, waits until it is this thread's turn, and then hands the turn to the other thread.
fn ping_pong(number: usize) {
    for round in 0..ROUNDS {
        while ROUND.load(SeqCst) != round * 2 + number as u64 {
            let before = time::since_boot();
            request::park(Token::of_domain_thread(126 + number), Some(LONG));
            assert!(time::since_boot() - before < LONG, "a wake was lost");
        }
        ROUND.fetch_add(1, SeqCst);
        request::wake(Token::of_domain_thread(127 - number));
    }
    PEERS[number].store(0, SeqCst);
}

static STOP: AtomicBool = AtomicBool::new(false);

fn spin(_: usize) {
    while !STOP.load(SeqCst) {
        core::hint::spin_loop();
    }
}

kernel_tests! {
    /// Invariant: TRAP-1
    fn all_registers_and_red_zone_survive_switches() {
        KEPT.store(0, SeqCst);
        let before = switches();
        {
            let _fast = FastTick::begin();
            let threads: [Handle; 4] = core::array::from_fn(|number| start(keeper, number));
            keeper(4);
            threads.into_iter().for_each(Handle::join);
        }
        assert_eq!(KEPT.load(SeqCst), 5, "each thread has kept its pattern to the end");
        let switches = switches() - before;
        assert!(switches >= SWITCHES, "{switches} switches");
    }

    fn a_thread_that_loops_for_ever_is_pre_empted() {
        STOP.store(false, SeqCst);
        let threads: [Handle; 3] = core::array::from_fn(|number| start(spin, number));
        let ticks_before = ticks();
        request::sleep(Duration::from_millis(30));
        assert!(threads.iter().all(|thread| !thread.is_finished()));
        assert!(ticks() - ticks_before >= 10);
        STOP.store(true, SeqCst);
        threads.into_iter().for_each(Handle::join);
    }

    fn sleep_lasts_as_long_as_it_should() {
        for milliseconds in [1, 5, 50] {
            let asked = Duration::from_millis(milliseconds);
            let before = time::since_boot();
            request::sleep(asked);
            let took = time::since_boot() - before;
            assert!(took >= asked, "{took:?}");
            assert!(took < asked + Duration::from_millis(500), "{took:?}");
        }
    }

    fn timer_is_calibrated() {
        // QEMU's timer counts at 1 GHz, divided by 16. Timers of other machines are not far off.
        let frequency = crate::arch::lapic::frequency();
        assert!((1_000_000..1_000_000_000).contains(&frequency), "{frequency}");
        let before = ticks();
        request::sleep(Duration::from_millis(100));
        let ticks = ticks() - before;
        assert!((20..=130).contains(&ticks), "{ticks} ticks in 100 ms");
    }

    /// Invariant: TRAP-6
    fn no_wake_is_lost() {
        ROUND.store(0, SeqCst);
        let _fast = FastTick::begin();
        let threads: [Handle; 2] = core::array::from_fn(|number| start(ping_pong, number));
        threads.into_iter().for_each(Handle::join);
        assert_eq!(ROUND.load(SeqCst), 2 * ROUNDS);
        for token in [126, 127] {
            request::forget(Token::of_domain_thread(token));
        }
    }

    fn a_wake_before_the_park_ends_it() {
        let token = Token::of_domain_thread(127);
        request::wake(token);
        let before = time::since_boot();
        request::park(token, Some(LONG));
        assert!(time::since_boot() - before < LONG / 2);
        let before = time::since_boot();
        request::park(token, Some(Duration::from_millis(5)));
        assert!(time::since_boot() - before >= Duration::from_millis(5), "the first park used the wake up");
    }

    /// Invariant: TRAP-8
    fn stacks_of_ended_threads_are_freed() {
        free_ended();
        STOP.store(true, SeqCst);
        let before = (frames::free_frames(), frames::owned_by(FrameOwner::STACKS));
        for _ in 0..8 {
            let threads: [Handle; 20] = core::array::from_fn(|number| start(spin, number));
            threads.into_iter().for_each(Handle::join);
        }
        let after = (frames::free_frames(), frames::owned_by(FrameOwner::STACKS));
        assert_eq!(after, before);
    }

    fn threads_beyond_the_table_are_refused() {
        STOP.store(false, SeqCst);
        let mut started = 0;
        while spawn(Start::Host(spin, 0)).is_ok() {
            started += 1;
        }
        STOP.store(true, SeqCst);
        assert!(started >= 100, "{started}");
        while frames::owned_by(FrameOwner::STACKS) > OWN_STACK_FRAMES {
            free_ended();
            request::yield_now();
        }
    }

    fn a_panic_ends_only_its_thread() {
        let before = PANICKED.load(SeqCst);
        start(|_| panic!("a thread of the host"), 0).join();
        assert_eq!(PANICKED.swap(before, SeqCst), before + 1, "the panic is counted, so that its test fails");
    }
}
