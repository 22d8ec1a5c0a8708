//! The first and last instructions of every trap.
//!
//! A stub for each vector makes all frames look alike; the common part saves every general register
//! and the floating-point and vector state before any Rust runs (compiled code uses both), puts the
//! flags and control words into the state that Rust expects, and restores everything on the way
//! back. Its unwind information leads through the trap: a walk from the handler goes on at the
//! interrupted instruction, with the interrupted registers.

use core::arch::global_asm;

use samara_unwind::cut::Registers;
use x86_64::instructions::segmentation::{CS, Segment};

/// Bytes that each stub takes.
const STUB_SIZE: usize = 16;

/// What a trap saved; the interrupted code goes on from it.
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
    /// Zero for vectors that have none.
    pub(crate) error_code: u64,
    pub(crate) rip: u64,
    pub(crate) cs: u64,
    pub(crate) rflags: u64,
    pub(crate) rsp: u64,
    pub(crate) ss: u64,
}

/// Interrupts are let in; the other bit is always set.
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

    /// Begins the function at `rip`, on the stack at `rsp`.
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
    /// The registers as the unwinder names them.
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

    /// Goes on with these.
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

/// The floating-point and vector state, as `fxsave64` lays it out (Intel SDM volume 1, table 10-2).
#[repr(C, align(16))]
#[derive(Clone, Copy)]
pub(crate) struct FpuState([u8; 512]);

impl FpuState {
    /// The ABI's: all exceptions masked, round to nearest, 64-bit precision, registers empty.
    pub(crate) const DEFAULT: Self = {
        let mut bytes = [0; 512];
        let control = 0x037f_u16.to_le_bytes();
        (bytes[0], bytes[1]) = (control[0], control[1]);
        let mxcsr = 0x1f80_u16.to_le_bytes();
        (bytes[24], bytes[25]) = (mxcsr[0], mxcsr[1]);
        Self(bytes)
    };
}

global_asm!(
    r#"
    .section .text.trap_entry, "ax", @progbits
    .balign {stub_size}
    .globl trap_stubs
    .type trap_stubs, @function
trap_stubs:
    .cfi_startproc
    .cfi_signal_frame
    // Nothing walks the stack from inside a stub: it runs with interrupts off and touches only its
    // trap stack.
    .cfi_undefined rip
    .set vector, 0
    .rept 256
    .balign {stub_size}
    // The processor pushes an error code for 8, 10 to 14, 17, 21, 29 and 30.
    .if ((0x60227d00 >> vector) & 1) == 0 || vector > 31
    push 0
    .endif
    push vector
    jmp trap_common
    .set vector, vector + 1
    .endr
    .cfi_endproc
    .size trap_stubs, . - trap_stubs

    .type trap_common, @function
trap_common:
    .cfi_startproc
    .cfi_signal_frame
    .cfi_undefined rip
    push rax
    push rbx
    push rcx
    push rdx
    push rsi
    push rdi
    push rbp
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    mov rbp, rsp
    // From here on everything is in the frame. DWARF numbers: 16 is the return address, 7 the stack
    // pointer.
    .cfi_def_cfa rbp, {frame_size}
    .cfi_offset 16, -40
    .cfi_offset 7, -16
    .cfi_offset 0, -64
    .cfi_offset 3, -72
    .cfi_offset 2, -80
    .cfi_offset 1, -88
    .cfi_offset 4, -96
    .cfi_offset 5, -104
    .cfi_offset 6, -112
    .cfi_offset 8, -120
    .cfi_offset 9, -128
    .cfi_offset 10, -136
    .cfi_offset 11, -144
    .cfi_offset 12, -152
    .cfi_offset 13, -160
    .cfi_offset 14, -168
    .cfi_offset 15, -176

    sub rsp, 528
    and rsp, -16
    fxsave64 [rsp]
    fninit
    // The default: all exceptions masked, round to nearest.
    mov dword ptr [rsp + 512], 0x1f80
    ldmxcsr [rsp + 512]
    cld
    mov rdi, rbp
    mov rsi, rsp
    call {handler}
    fxrstor64 [rsp]

    mov rsp, rbp
    .cfi_undefined rip
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rbp
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rbx
    pop rax
    add rsp, 16
    iretq
    .cfi_endproc
    .size trap_common, . - trap_common

    .text
    "#,
    stub_size = const STUB_SIZE,
    frame_size = const size_of::<TrapFrame>(),
    handler = sym super::trap::handle,
);

unsafe extern "C" {
    static trap_stubs: u8;
}

/// The address of a vector's stub.
pub(super) fn stub(vector: u8) -> u64 {
    (&raw const trap_stubs).addr() as u64 + u64::from(vector) * STUB_SIZE as u64
}
