//! A thread's registers while it is off the processor.

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
