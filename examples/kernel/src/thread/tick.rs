//! The timer interrupt. It ends waits whose deadline has passed, and schedules threads by round robin.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::time::Duration;

use x86_64::instructions::interrupts;

use super::park_token::SCHEDULER;
use super::saved::Interrupted;
use super::timer::{arm, note};
use super::{cpu, cut, dispatch, request};
use crate::arch::{lapic, pic};

/// The time that a thread runs before the next thread has its turn.
const PERIOD: Duration = Duration::from_millis(1);

/// If a tick finds the thread under the no-cut mark, the thread keeps the CPU and the next tick comes this many times
/// sooner.
const SOON: u32 = 8;

/// After this many ticks in a row under the mark, the thread loses the CPU nevertheless: it may be waiting for a
/// thread that cannot run until then.
const PATIENCE: u32 = 64;

/// The period of the tick, in nanoseconds.
static CURRENT_PERIOD: AtomicU64 = AtomicU64::new(PERIOD.as_nanos() as u64);

/// Starts the tick on this CPU.
///
/// # Panics
/// If there is no timer.
pub(super) fn init() {
    pic::silence();
    assert!(lapic::init(), "no local interrupt controller with a timer");
    arm(cpu::this(), period());
    interrupts::enable();
}

fn period() -> Duration {
    Duration::from_nanos(CURRENT_PERIOD.load(Relaxed))
}

/// Changes the period. The next tick is already armed and still comes after the old period.
#[cfg(feature = "kernel-tests")]
pub(crate) fn set_period(period: Duration) {
    CURRENT_PERIOD.store(period.as_nanos() as u64, Relaxed);
}

/// Returns the period that the kernel starts with.
#[cfg(feature = "kernel-tests")]
pub(crate) const fn default_period() -> Duration {
    PERIOD
}

/// Handles the timer interrupt.
pub(crate) fn handle(interrupted: &mut Interrupted<'_>) {
    let cpu = cpu::this();
    cpu.ticks.fetch_add(1, Relaxed);
    let marked = cpu.current().slot.in_no_cut();
    let deferred = if marked {
        cpu.deferred.fetch_add(1, Relaxed) + 1
    } else {
        0
    };
    let keeps = (1..PATIENCE).contains(&deferred);
    if !keeps {
        cpu.deferred.store(0, Relaxed);
    }
    note(cpu);
    cut::check(interrupted);
    SCHEDULER.with(|scheduler| {
        scheduler.expire(request::now());
        if !keeps {
            dispatch::take_turns(scheduler, cpu, interrupted);
        }
    });
    arm(cpu, if keeps { period() / SOON } else { period() });
}
