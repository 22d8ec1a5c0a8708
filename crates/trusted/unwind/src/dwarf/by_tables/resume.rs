//! What a clean-up ends in: the compiler calls it by name.

use core::arch::naked_asm;

use super::super::exception::ExceptionSlot;
use super::capture::capture;
use super::walk::land;
use crate::cut::Registers;

/// Goes on where `land` leads, or not at all: a clean-up's end is not returned to.
///
/// # Safety
/// As [`land`].
unsafe extern "C-unwind" fn go_on(
    registers: &mut Registers,
    exception: *const ExceptionSlot,
) -> u32 {
    // SAFETY: handed on.
    let answer = unsafe { land(registers, exception) };
    assert_eq!(answer, 0, "unwind tables changed while a panic passed");
    answer
}

/// The landing pad whose clean-up has ended calls this with what it was given.
///
/// # Safety
/// For compiled landing pads alone.
#[cfg(not(feature = "std"))]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn _Unwind_Resume(exception: *const ExceptionSlot) -> ! {
    naked_asm!(
        ".cfi_startproc",
        "mov rsi, rdi",
        "lea rdi, [rip + {go_on}]",
        // As if the landing pad had called it.
        "jmp {capture}",
        ".cfi_endproc",
        go_on = sym go_on,
        capture = sym capture,
    )
}

/// The same in a program with `std`: its own exceptions go on by the unwinder that they came from.
///
/// # Safety
/// For compiled landing pads alone.
#[cfg(feature = "std")]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn _Unwind_Resume(exception: *const ExceptionSlot) -> ! {
    naked_asm!(
        ".cfi_startproc",
        "movabs rax, {class}",
        "cmp rax, [rdi]",
        "jne 2f",
        "mov rsi, rdi",
        "lea rdi, [rip + {go_on}]",
        "jmp {capture}",
        "2:",
        "mov rax, [rip + {next}]",
        "test rax, rax",
        "jne 3f",
        "push rdi",
        ".cfi_adjust_cfa_offset 8",
        "call {find}",
        "pop rdi",
        ".cfi_adjust_cfa_offset -8",
        "3:",
        "jmp rax",
        ".cfi_endproc",
        class = const super::object::CLASS,
        go_on = sym go_on,
        capture = sym capture,
        next = sym super::foreign::NEXT,
        find = sym super::foreign::find,
    )
}
