//! Capturing the registers of a caller, and continuing with such registers at a landing pad.

use core::arch::naked_asm;
use core::mem::{offset_of, size_of};

use super::super::exception::ExceptionSlot;
use crate::cut::Registers;

/// A function that walks from the captured frame. It returns 0 if it has changed the registers to those of a landing
/// pad, at which the thread then continues. Any other value is returned to the captured frame.
pub(super) type Walk = unsafe extern "C-unwind" fn(&mut Registers, *const ExceptionSlot) -> u32;

/// The room for the registers, and 8 bytes that keep the stack aligned to 16 bytes.
const FRAME: usize = size_of::<Registers>() + 8;

/// Calls `walk` with the caller's registers, as they are when this function returns. Only the call-preserved
/// registers, `rsp` and `rip` are set. If `walk` returns 0, the thread continues with the changed registers at the
/// landing pad. Any other answer is returned.
///
/// # Safety
/// `exception` is a claimed slot, or the exception that a landing pad was given.
#[unsafe(naked)]
pub(super) unsafe extern "C-unwind" fn capture(walk: Walk, exception: *const ExceptionSlot) -> u32 {
    naked_asm!(
        ".cfi_startproc",
        "sub rsp, {frame}",
        ".cfi_def_cfa_offset {frame} + 8",
        "mov [rsp + {rbx}], rbx",
        "mov [rsp + {rbp}], rbp",
        "mov [rsp + {r12}], r12",
        "mov [rsp + {r13}], r13",
        "mov [rsp + {r14}], r14",
        "mov [rsp + {r15}], r15",
        "lea rax, [rsp + {frame} + 8]",
        "mov [rsp + {rsp}], rax",
        "mov rax, [rsp + {frame}]",
        "mov [rsp + {rip}], rax",
        "mov rax, rdi",
        "mov rdi, rsp",
        "call rax",
        "test eax, eax",
        "jne 2f",
        // Until the stack pointer changes, this is the callee of the captured frame, whose registers are all intact.
        // From then on it is the frame with the landing pad. A trap at any instruction finds one or the other.
        "mov rax, [rsp + {rax}]",
        "mov rcx, [rsp + {rip}]",
        "mov rsi, [rsp + {rbx}]",
        "mov rdi, [rsp + {rbp}]",
        "mov r8, [rsp + {r12}]",
        "mov r9, [rsp + {r13}]",
        "mov r10, [rsp + {r14}]",
        "mov r11, [rsp + {r15}]",
        ".cfi_remember_state",
        "mov rsp, [rsp + {rsp}]",
        ".cfi_def_cfa rsp, 0",
        ".cfi_register rip, rcx",
        "mov rbx, rsi",
        "mov rbp, rdi",
        "mov r12, r8",
        "mov r13, r9",
        "mov r14, r10",
        "mov r15, r11",
        // A landing pad gets the exception in rax, and in rdx a selector, which Rust does not read.
        "xor edx, edx",
        "jmp rcx",
        ".cfi_restore_state",
        "2:",
        "add rsp, {frame}",
        ".cfi_def_cfa_offset 8",
        "ret",
        ".cfi_endproc",
        frame = const FRAME,
        rax = const offset_of!(Registers, rax),
        rbx = const offset_of!(Registers, rbx),
        rbp = const offset_of!(Registers, rbp),
        r12 = const offset_of!(Registers, r12),
        r13 = const offset_of!(Registers, r13),
        r14 = const offset_of!(Registers, r14),
        r15 = const offset_of!(Registers, r15),
        rsp = const offset_of!(Registers, rsp),
        rip = const offset_of!(Registers, rip),
    )
}
