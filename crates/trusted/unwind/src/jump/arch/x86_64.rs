//! x86_64, System V: saves rbx, rbp, r12 to r15, MXCSR and the x87 control word.
//!
//! On targets without SSE, code must not touch the FPU, so MXCSR and the x87 control word are not saved there.

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

/// The assembly of [`super::call`]. Returns 1 if the call was cut, otherwise 0.
///
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
        // The stack pointer is now ten words below the caller's at its call, so it is aligned to 16 bytes.
        "call rax",
        // The body has preserved all other registers.
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

/// The assembly of [`super::raise`].
///
/// # Safety
/// As [`super::raise`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn raise(boundary: *mut ()) -> ! {
    naked_asm!(
        ".cfi_startproc",
        // The caller's frame is being discarded, so a walk ends here.
        ".cfi_undefined rip",
        "mov rsp, rdi",
        "pop rdx",
        "pop [rdx]",
        fpu!("ldmxcsr [rsp]"),
        fpu!("fldcw [rsp + 4]"),
        // A backward copy that was cut may have left the direction flag set.
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

/// Makes an interrupted thread continue with [`raise`] for `boundary`.
pub(in crate::jump) fn land(registers: &mut Registers, boundary: *mut ()) {
    registers.rdi = boundary.expose_provenance() as u64;
    registers.rip = raise_after_trap as *const () as u64;
    // The lowest address of the boundary. The stack below was discarded, and another trap may use it.
    registers.rsp = registers.rdi;
    // The direction, alignment-check and nested-task flags. None of them may be set in compiled code.
    registers.rflags &= !(1 << 10 | 1 << 18 | 1 << 14);
}

/// As [`raise`], from any instruction. Resets the FPU first, because the x87 stack may be in use.
#[unsafe(naked)]
unsafe extern "C" fn raise_after_trap(boundary: *mut ()) -> ! {
    naked_asm!(
        ".cfi_startproc",
        ".cfi_undefined rip",
        fpu!("fninit"),
        "jmp {raise}",
        ".cfi_endproc",
        raise = sym raise,
    )
}
