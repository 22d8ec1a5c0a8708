//! From one thread to the next: registers go from the trap stack to a save area and back.

use super::cpu::Cpu;
use super::saved::{Interrupted, Saved};
use super::tcb::Thread;
use super::{cut, timer};

/// Makes the trap return to `next` rather than to the thread that it interrupted.
///
/// # Safety
///
/// With interrupts off and under the scheduler's lock: `next` is off every processor, and whoever the
/// scheduler has the interrupted thread run on next waits for the lock.
pub(super) unsafe fn switch(cpu: &Cpu, interrupted: &mut Interrupted<'_>, next: &'static Thread) {
    timer::note(cpu);
    let current = cpu.current();
    let save = Saved {
        frame: *interrupted.frame,
        fpu: *interrupted.fpu,
    };
    // SAFETY: it goes off the processor: its save area is ours until it runs again.
    unsafe { current.saved.get().write(save) };
    // SAFETY: off every processor, so its save area holds its state and is ours.
    let Saved { frame, fpu } = unsafe { &*next.saved.get() };
    *interrupted.frame = *frame;
    *interrupted.fpu = *fpu;
    next.slot.set_shard(cpu.index);
    cpu.set_current(next);
    // Its domain may have died meanwhile: then it executes no further instruction there.
    cut::check(interrupted);
}
