//! x86_64, System V: rbx, rbp, r12 to r15, and the control bits of MXCSR and of the x87 unit.
//!
//! Targets without SSE are those whose code must not touch the FPU: there, no control bits.

use super::Body;
use crate::cut::Registers;
use core::arch::naked_asm;

#[cfg(target_feature = "sse")]
macro_rules! fpu {
    ($operation:literal) => {
        $operation
    };
}
#[cfg(not(target_feature = "sse"))]
macro_rules! fpu {
    ($operation:literal) => {
        ""
    };
}

/// # Safety
/// As [`super::call`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn call(body: Body, data: *mut (), anchor: *mut *mut ()) -> usize {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        fpu!("stmxcsr [rsp]"),
        fpu!("fnstcw [rsp + 4]"),
        "push [rdx]",
        "push rdx",
        "mov [rdx], rsp",
        "mov rax, rdi",
        "mov rdi, rsi",
        // Ten words below the caller's: aligned to 16.
        "call rax",
        // The body has preserved all but these.
        "pop rdx",
        "pop [rdx]",
        "mov rsp, rbp",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "xor eax, eax",
        "ret",
        ".cfi_endproc",
    )
}

/// # Safety
/// As [`super::raise`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn raise(boundary: *mut ()) -> ! {
    naked_asm!(
        ".cfi_startproc",
        // Whoever called is given up: here the walk ends.
        ".cfi_undefined rip",
        "mov rsp, rdi",
        "pop rdx",
        "pop [rdx]",
        fpu!("ldmxcsr [rsp]"),
        fpu!("fldcw [rsp + 4]"),
        // A copy that was cut short may have left it set.
        "cld",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "mov eax, 1",
        "ret",
        ".cfi_endproc",
    )
}

/// Has an interrupted thread go on with [`raise`] for `boundary`.
pub(in crate::jump) fn land(registers: &mut Registers, boundary: *mut ()) {
    registers.rdi = boundary.expose_provenance() as u64;
    registers.rip = struck as *const () as u64;
    // The boundary's own frame: what is above it is given up, and another trap may use it.
    registers.rsp = registers.rdi;
    // Direction, trap-on-misalignment and nested-task flags: none may be set in compiled code.
    registers.rflags &= !(1 << 10 | 1 << 18 | 1 << 14);
}

/// As [`raise`], from any instruction: the x87 stack may be in use.
#[unsafe(naked)]
unsafe extern "C" fn struck(boundary: *mut ()) -> ! {
    naked_asm!(
        ".cfi_startproc",
        ".cfi_undefined rip",
        fpu!("fninit"),
        "jmp {raise}",
        ".cfi_endproc",
        raise = sym raise,
    )
}
