//! The timer: it makes the ticks, and it measures the running thread's time.

use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;

use super::cpu::Cpu;
use crate::arch::lapic;

/// Arms the next tick, `after` from now.
pub(super) fn arm(cpu: &Cpu, after: Duration) {
    cpu.armed.store(after.as_nanos() as u64, Relaxed);
    cpu.counted.store(0, Relaxed);
    lapic::arm(after);
}

/// Counts the time that the running thread has run since the last call, as time that is not charged yet. Each switch
/// calls this. So a thread that leaves the CPU before each tick is charged, too, and a thread that gets the CPU just
/// before a tick does not pay for another thread. The time is measured with the timer and not with the clock. So if
/// the whole machine stands still, no thread is charged for that.
pub(super) fn note(cpu: &Cpu) {
    let left = lapic::left().as_nanos() as u64;
    let passed = cpu.armed.load(Relaxed).saturating_sub(left);
    let counted = cpu.counted.swap(passed, Relaxed);
    let ran = passed.saturating_sub(counted);
    cpu.current().owed.fetch_add(ran, Relaxed);
}
