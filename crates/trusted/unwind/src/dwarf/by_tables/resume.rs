//! The end of a clean-up: a function that compiled code calls by name.

use core::arch::naked_asm;

use super::super::exception::ExceptionSlot;
use super::capture::capture;
use super::walk::land;
use crate::cut::Registers;

/// Continues at the next landing pad, as `land` does. Panics if there is none, because the end of a clean-up cannot be
/// returned to.
///
/// # Safety
/// As [`land`].
unsafe extern "C-unwind" fn go_on(
    registers: &mut Registers,
    exception: *const ExceptionSlot,
) -> u32 {
    // SAFETY: upheld by the caller.
    let answer = unsafe { land(registers, exception) };
    assert_eq!(answer, 0, "unwind tables changed while a panic passed");
    answer
}

/// Continues an exception. A landing pad whose clean-up has ended calls this with the exception that it was given.
///
/// # Safety
/// Only compiled landing pads call it.
#[cfg(not(feature = "std"))]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn _Unwind_Resume(exception: *const ExceptionSlot) -> ! {
    naked_asm!(
        ".cfi_startproc",
        "mov rsi, rdi",
        "lea rdi, [rip + {go_on}]",
        // A jump, so that the landing pad is the caller of `capture`.
        "jmp {capture}",
        ".cfi_endproc",
        go_on = sym go_on,
        capture = sym capture,
    )
}

/// The same in a program with `std`. An exception of the other unwinder is continued by that unwinder.
///
/// # Safety
/// Only compiled landing pads call it.
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
