//! A thread's registers while it is off the CPU.

use crate::arch::fpu::FpuState;
use crate::arch::trap_frame::TrapFrame;

/// All registers that a thread needs to resume.
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

/// The registers of the code that a trap has interrupted. They lie on the trap stack, and the trap returns to them.
pub(crate) struct Interrupted<'a> {
    pub(crate) frame: &'a mut TrapFrame,
    pub(crate) fpu: &'a mut FpuState,
}
