//! Arm (AAPCS): saves r4 to r11 and the return address, and s16 to s31 if the calling convention uses the
//! floating-point unit. The integer instructions are those of ARMv6-M, so that every profile runs them.
//!
//! FPSCR and the interrupt masks are not saved or restored. On Cortex-M, only thread mode is supported.

use super::Body;
use core::arch::naked_asm;

#[cfg(target_abi = "eabihf")]
macro_rules! fpu {
    ($operation:literal) => {
        $operation
    };
}
#[cfg(not(target_abi = "eabihf"))]
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
        // A naked function is assembled without the features of the target.
        fpu!(".fpu vfpv2"),
        "push {{r4, r5, r6, r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4, r5, r6, r7}}",
        fpu!("vpush {{s16-s31}}"),
        "ldr r3, [r2]",
        // r1 is padding, which keeps the stack pointer aligned to eight bytes.
        "push {{r1, r2, r3}}",
        "mov r3, sp",
        "str r3, [r2]",
        "mov r3, r0",
        "mov r0, r1",
        "blx r3",
        "pop {{r1, r2, r3}}",
        "str r3, [r2]",
        fpu!("add sp, sp, #64"),
        // The body has preserved r8 to r11. r4 to r7, which the code above used to save those, are loaded last.
        "pop {{r4, r5, r6, r7}}",
        "movs r0, #0",
        "pop {{r4, r5, r6, r7, pc}}",
    )
}

/// The assembly of [`super::raise`].
///
/// # Safety
/// As [`super::raise`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn raise(boundary: *mut ()) -> ! {
    naked_asm!(
        fpu!(".fpu vfpv2"),
        "mov sp, r0",
        "pop {{r1, r2, r3}}",
        "str r3, [r2]",
        fpu!("vpop {{s16-s31}}"),
        "pop {{r4, r5, r6, r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "movs r0, #1",
        "pop {{r4, r5, r6, r7, pc}}",
    )
}
