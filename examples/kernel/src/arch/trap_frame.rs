//! The general registers of interrupted code, in the layout in which the trap entry code pushes them.

use samara_unwind::cut::Registers;
use x86_64::instructions::segmentation::{CS, Segment};

/// The registers that a trap has saved. The interrupted code resumes with them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrapFrame {
    pub(crate) r15: u64,
    pub(crate) r14: u64,
    pub(crate) r13: u64,
    pub(crate) r12: u64,
    pub(crate) r11: u64,
    pub(crate) r10: u64,
    pub(crate) r9: u64,
    pub(crate) r8: u64,
    pub(crate) rbp: u64,
    pub(crate) rdi: u64,
    pub(crate) rsi: u64,
    pub(crate) rdx: u64,
    pub(crate) rcx: u64,
    pub(crate) rbx: u64,
    pub(crate) rax: u64,
    pub(crate) vector: u64,
    /// Zero for vectors without an error code.
    pub(crate) error_code: u64,
    pub(crate) rip: u64,
    pub(crate) cs: u64,
    pub(crate) rflags: u64,
    pub(crate) rsp: u64,
    pub(crate) ss: u64,
}

/// Interrupts are enabled. Bit 1 is always set.
const RFLAGS: u64 = 1 << 9 | 1 << 1;

impl TrapFrame {
    pub(crate) const ZERO: Self = Self {
        r15: 0,
        r14: 0,
        r13: 0,
        r12: 0,
        r11: 0,
        r10: 0,
        r9: 0,
        r8: 0,
        rbp: 0,
        rdi: 0,
        rsi: 0,
        rdx: 0,
        rcx: 0,
        rbx: 0,
        rax: 0,
        vector: 0,
        error_code: 0,
        rip: 0,
        cs: 0,
        rflags: RFLAGS,
        rsp: 0,
        ss: 0,
    };

    /// Returns the registers with which a thread begins the function at `rip` on the stack at `rsp`.
    pub(crate) fn starting_at(rip: u64, rsp: u64) -> Self {
        Self {
            rip,
            rsp,
            cs: CS::get_reg().0.into(),
            ..Self::ZERO
        }
    }
}

impl TrapFrame {
    /// Returns the registers in the form that the unwinder takes.
    pub(crate) fn registers(&self) -> Registers {
        Registers {
            rax: self.rax,
            rdx: self.rdx,
            rcx: self.rcx,
            rbx: self.rbx,
            rsi: self.rsi,
            rdi: self.rdi,
            rbp: self.rbp,
            rsp: self.rsp,
            r8: self.r8,
            r9: self.r9,
            r10: self.r10,
            r11: self.r11,
            r12: self.r12,
            r13: self.r13,
            r14: self.r14,
            r15: self.r15,
            rip: self.rip,
            rflags: self.rflags,
        }
    }

    /// Makes the interrupted code resume with `registers`.
    pub(crate) fn set_registers(&mut self, registers: &Registers) {
        self.rax = registers.rax;
        self.rdx = registers.rdx;
        self.rcx = registers.rcx;
        self.rbx = registers.rbx;
        self.rsi = registers.rsi;
        self.rdi = registers.rdi;
        self.rbp = registers.rbp;
        self.rsp = registers.rsp;
        self.r8 = registers.r8;
        self.r9 = registers.r9;
        self.r10 = registers.r10;
        self.r11 = registers.r11;
        self.r12 = registers.r12;
        self.r13 = registers.r13;
        self.r14 = registers.r14;
        self.r15 = registers.r15;
        self.rip = registers.rip;
        self.rflags = registers.rflags;
    }
}
