//! A thread's registers, from the trap stack to its save area and back.

use super::{Thread, cut, tick};
use crate::arch::cpu::Cpu;
use crate::arch::fpu::FpuState;
use crate::arch::trap_frame::TrapFrame;

/// All that a thread needs to go on.
#[repr(C)]
pub(super) struct Saved {
    pub(super) frame: TrapFrame,
    pub(super) fpu: FpuState,
}

impl Saved {
    pub(super) const fn new() -> Self {
        Self {
            frame: TrapFrame::ZERO,
            fpu: FpuState::DEFAULT,
        }
    }
}

/// What a trap interrupted, on the trap stack: returning from the trap goes on from it.
pub(crate) struct Interrupted<'a> {
    pub(crate) frame: &'a mut TrapFrame,
    pub(crate) fpu: &'a mut FpuState,
}

/// Makes the trap return to `next` rather than to the thread that it interrupted.
///
/// # Safety
///
/// With interrupts off and under the scheduler's lock: `next` is off every processor, and whoever the
/// scheduler has the interrupted thread run on next waits for the lock.
pub(super) unsafe fn switch(cpu: &Cpu, interrupted: &mut Interrupted<'_>, next: &'static Thread) {
    tick::note(cpu);
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
