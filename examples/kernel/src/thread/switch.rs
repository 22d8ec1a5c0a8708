//! Switches from one thread to the next: copies the registers on the trap stack to the save area of the first thread,
//! and the registers in the save area of the next thread to the trap stack.

use super::cpu::Cpu;
use super::saved::{Interrupted, Saved};
use super::tcb::Thread;
use super::{cut, timer};

/// Makes the trap return to `next` rather than to the thread that it interrupted.
///
/// # Safety
///
/// Interrupts are disabled and the caller holds the scheduler's lock. `next` runs on no CPU. A CPU takes the
/// scheduler's lock before it resumes the interrupted thread.
pub(super) unsafe fn switch(cpu: &Cpu, interrupted: &mut Interrupted<'_>, next: &'static Thread) {
    timer::note(cpu);
    let current = cpu.current();
    let save = Saved {
        frame: *interrupted.frame,
        fpu: *interrupted.fpu,
    };
    // SAFETY: the interrupted thread leaves the CPU, so its save area belongs to the scheduler until it runs again.
    unsafe { current.saved.get().write(save) };
    // SAFETY: `next` runs on no CPU, so its save area holds its registers and belongs to the scheduler.
    let Saved { frame, fpu } = unsafe { &*next.saved.get() };
    *interrupted.frame = *frame;
    *interrupted.fpu = *fpu;
    next.slot.set_shard(cpu.index);
    cpu.set_current(next);
    // The domain in which `next` runs may have died meanwhile. Then the thread must not execute another instruction
    // there.
    cut::check(interrupted);
}
