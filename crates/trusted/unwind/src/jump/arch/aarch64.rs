//! AArch64 (AAPCS64): saves x19 to x30, and d8 to d15 if there is a floating-point unit. FPCR is not saved or restored.

use super::Body;
use core::arch::naked_asm;

#[cfg(target_feature = "neon")]
macro_rules! fpu {
    ($operation:literal) => {
        $operation
    };
}
#[cfg(not(target_feature = "neon"))]
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
        "sub sp, sp, #176",
        "stp x19, x20, [sp, #16]",
        "stp x21, x22, [sp, #32]",
        "stp x23, x24, [sp, #48]",
        "stp x25, x26, [sp, #64]",
        "stp x27, x28, [sp, #80]",
        "stp x29, x30, [sp, #96]",
        fpu!("stp d8, d9, [sp, #112]"),
        fpu!("stp d10, d11, [sp, #128]"),
        fpu!("stp d12, d13, [sp, #144]"),
        fpu!("stp d14, d15, [sp, #160]"),
        "ldr x9, [x2]",
        "stp x2, x9, [sp]",
        "mov x9, sp",
        "str x9, [x2]",
        "mov x9, x0",
        "mov x0, x1",
        // A frame record, for debuggers and other code that walks the stack.
        "add x29, sp, #96",
        "blr x9",
        // The body has preserved all other registers.
        "ldp x2, x9, [sp]",
        "str x9, [x2]",
        "ldp x29, x30, [sp, #96]",
        "add sp, sp, #176",
        "mov x0, #0",
        "ret",
    )
}

/// The assembly of [`super::raise`].
///
/// # Safety
/// As [`super::raise`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn raise(boundary: *mut ()) -> ! {
    naked_asm!(
        "mov sp, x0",
        "ldp x2, x9, [sp]",
        "str x9, [x2]",
        "ldp x19, x20, [sp, #16]",
        "ldp x21, x22, [sp, #32]",
        "ldp x23, x24, [sp, #48]",
        "ldp x25, x26, [sp, #64]",
        "ldp x27, x28, [sp, #80]",
        "ldp x29, x30, [sp, #96]",
        fpu!("ldp d8, d9, [sp, #112]"),
        fpu!("ldp d10, d11, [sp, #128]"),
        fpu!("ldp d12, d13, [sp, #144]"),
        fpu!("ldp d14, d15, [sp, #160]"),
        "add sp, sp, #176",
        "mov x0, #1",
        "ret",
    )
}
