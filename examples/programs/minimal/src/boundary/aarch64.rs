//! AArch64: x19 to x28, and d8 to d15. x29 is the frame pointer.

use super::{Filled, Wreckage};
use core::arch::naked_asm;

/// The number of registers: integer registers come first, then floating-point registers.
pub(super) const WORDS: usize = 18;
/// The number of integer registers.
pub(super) const INTEGERS: usize = 10;

/// See [`Filled`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn filled(f: extern "C" fn(), words: *mut usize) {
    naked_asm!(
        "stp x29, x30, [sp, #-176]!",
        "stp x19, x20, [sp, #16]",
        "stp x21, x22, [sp, #32]",
        "stp x23, x24, [sp, #48]",
        "stp x25, x26, [sp, #64]",
        "stp x27, x28, [sp, #80]",
        "stp d8, d9, [sp, #96]",
        "stp d10, d11, [sp, #112]",
        "stp d12, d13, [sp, #128]",
        "stp d14, d15, [sp, #144]",
        "str x1, [sp, #160]",
        "mov x19, #1",
        "mov x20, #2",
        "mov x21, #3",
        "mov x22, #4",
        "mov x23, #5",
        "mov x24, #6",
        "mov x25, #7",
        "mov x26, #8",
        "mov x27, #9",
        "mov x28, #10",
        "mov x9, #100",
        "fmov d8, x9",
        "mov x9, #101",
        "fmov d9, x9",
        "mov x9, #102",
        "fmov d10, x9",
        "mov x9, #103",
        "fmov d11, x9",
        "mov x9, #104",
        "fmov d12, x9",
        "mov x9, #105",
        "fmov d13, x9",
        "mov x9, #106",
        "fmov d14, x9",
        "mov x9, #107",
        "fmov d15, x9",
        "blr x0",
        "ldr x1, [sp, #160]",
        "stp x19, x20, [x1, #0]",
        "stp x21, x22, [x1, #16]",
        "stp x23, x24, [x1, #32]",
        "stp x25, x26, [x1, #48]",
        "stp x27, x28, [x1, #64]",
        "stp d8, d9, [x1, #80]",
        "stp d10, d11, [x1, #96]",
        "stp d12, d13, [x1, #112]",
        "stp d14, d15, [x1, #128]",
        "ldp x19, x20, [sp, #16]",
        "ldp x21, x22, [sp, #32]",
        "ldp x23, x24, [sp, #48]",
        "ldp x25, x26, [sp, #64]",
        "ldp x27, x28, [sp, #80]",
        "ldp d8, d9, [sp, #96]",
        "ldp d10, d11, [sp, #112]",
        "ldp d12, d13, [sp, #128]",
        "ldp d14, d15, [sp, #144]",
        "ldp x29, x30, [sp], #176",
        "ret",
    )
}

/// See [`Wreckage`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn wreck(f: extern "C" fn() -> !) -> ! {
    naked_asm!(
        "mov x19, #-1",
        "mov x20, #-1",
        "mov x21, #-1",
        "mov x22, #-1",
        "mov x23, #-1",
        "mov x24, #-1",
        "mov x25, #-1",
        "mov x26, #-1",
        "mov x27, #-1",
        "mov x28, #-1",
        "mov x29, #-1",
        "mov x9, #-1",
        "fmov d8, x9",
        "fmov d9, x9",
        "fmov d10, x9",
        "fmov d11, x9",
        "fmov d12, x9",
        "fmov d13, x9",
        "fmov d14, x9",
        "fmov d15, x9",
        "blr x0",
        "brk #1",
    )
}

const _: (Filled, Wreckage) = (filled, wreck);
