//! The timer, and the time that it says the running thread has run.

use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;

use super::cpu::Cpu;
use crate::arch::lapic;

/// Has the next tick come `after` so long.
pub(super) fn arm(cpu: &Cpu, after: Duration) {
    cpu.armed.store(after.as_nanos() as u64, Relaxed);
    cpu.counted.store(0, Relaxed);
    lapic::arm(after);
}

/// Notes how long the running thread has run: one that leaves before each tick has that time counted too, and who comes
/// on just before a tick pays for no other's. By the timer: a machine that stood still meanwhile is not held against
/// anybody.
pub(super) fn note(cpu: &Cpu) {
    let left = lapic::left().as_nanos() as u64;
    let passed = cpu.armed.load(Relaxed).saturating_sub(left);
    let counted = cpu.counted.swap(passed, Relaxed);
    let ran = passed.saturating_sub(counted);
    cpu.current().owed.fetch_add(ran, Relaxed);
}
