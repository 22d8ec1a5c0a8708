//! Arm: r4 to r11, and s16 to s31 where the calling convention uses them.

use super::{Filled, Wreckage};
use core::arch::naked_asm;

/// The number of registers: integer registers come first, then floating-point registers.
pub(super) const WORDS: usize = if cfg!(target_abi = "eabihf") { 24 } else { 8 };
/// The number of integer registers.
pub(super) const INTEGERS: usize = 8;

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

/// See [`Filled`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn filled(f: extern "C" fn(), words: *mut usize) {
    naked_asm!(
        "push {{r4, r5, r6, r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4, r5, r6, r7}}",
        fpu!(".fpu vfpv2"),
        fpu!("vpush {{s16-s31}}"),
        "push {{r0, r1, r2}}",
        "movs r3, #5",
        "mov r8, r3",
        "movs r3, #6",
        "mov r9, r3",
        "movs r3, #7",
        "mov r10, r3",
        "movs r3, #8",
        "mov r11, r3",
        fpu!("movs r3, #100"),
        fpu!("vmov s16, r3"),
        fpu!("movs r3, #101"),
        fpu!("vmov s17, r3"),
        fpu!("movs r3, #102"),
        fpu!("vmov s18, r3"),
        fpu!("movs r3, #103"),
        fpu!("vmov s19, r3"),
        fpu!("movs r3, #104"),
        fpu!("vmov s20, r3"),
        fpu!("movs r3, #105"),
        fpu!("vmov s21, r3"),
        fpu!("movs r3, #106"),
        fpu!("vmov s22, r3"),
        fpu!("movs r3, #107"),
        fpu!("vmov s23, r3"),
        fpu!("movs r3, #108"),
        fpu!("vmov s24, r3"),
        fpu!("movs r3, #109"),
        fpu!("vmov s25, r3"),
        fpu!("movs r3, #110"),
        fpu!("vmov s26, r3"),
        fpu!("movs r3, #111"),
        fpu!("vmov s27, r3"),
        fpu!("movs r3, #112"),
        fpu!("vmov s28, r3"),
        fpu!("movs r3, #113"),
        fpu!("vmov s29, r3"),
        fpu!("movs r3, #114"),
        fpu!("vmov s30, r3"),
        fpu!("movs r3, #115"),
        fpu!("vmov s31, r3"),
        "movs r4, #1",
        "movs r5, #2",
        "movs r6, #3",
        "movs r7, #4",
        "blx r0",
        "pop {{r0, r1, r2}}",
        "str r4, [r1, #0]",
        "str r5, [r1, #4]",
        "str r6, [r1, #8]",
        "str r7, [r1, #12]",
        "mov r3, r8",
        "str r3, [r1, #16]",
        "mov r3, r9",
        "str r3, [r1, #20]",
        "mov r3, r10",
        "str r3, [r1, #24]",
        "mov r3, r11",
        "str r3, [r1, #28]",
        fpu!("vstr s16, [r1, #32]"),
        fpu!("vstr s17, [r1, #36]"),
        fpu!("vstr s18, [r1, #40]"),
        fpu!("vstr s19, [r1, #44]"),
        fpu!("vstr s20, [r1, #48]"),
        fpu!("vstr s21, [r1, #52]"),
        fpu!("vstr s22, [r1, #56]"),
        fpu!("vstr s23, [r1, #60]"),
        fpu!("vstr s24, [r1, #64]"),
        fpu!("vstr s25, [r1, #68]"),
        fpu!("vstr s26, [r1, #72]"),
        fpu!("vstr s27, [r1, #76]"),
        fpu!("vstr s28, [r1, #80]"),
        fpu!("vstr s29, [r1, #84]"),
        fpu!("vstr s30, [r1, #88]"),
        fpu!("vstr s31, [r1, #92]"),
        fpu!("vpop {{s16-s31}}"),
        "pop {{r4, r5, r6, r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4, r5, r6, r7, pc}}",
    )
}

/// See [`Wreckage`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn wreck(f: extern "C" fn() -> !) -> ! {
    naked_asm!(
        "movs r3, #0",
        "mvns r3, r3",
        "mov r4, r3",
        "mov r5, r3",
        "mov r6, r3",
        "mov r7, r3",
        "mov r8, r3",
        "mov r9, r3",
        "mov r10, r3",
        "mov r11, r3",
        fpu!(".fpu vfpv2"),
        fpu!("vmov s16, r3"),
        fpu!("vmov s17, r3"),
        fpu!("vmov s18, r3"),
        fpu!("vmov s19, r3"),
        fpu!("vmov s20, r3"),
        fpu!("vmov s21, r3"),
        fpu!("vmov s22, r3"),
        fpu!("vmov s23, r3"),
        fpu!("vmov s24, r3"),
        fpu!("vmov s25, r3"),
        fpu!("vmov s26, r3"),
        fpu!("vmov s27, r3"),
        fpu!("vmov s28, r3"),
        fpu!("vmov s29, r3"),
        fpu!("vmov s30, r3"),
        fpu!("vmov s31, r3"),
        "blx r0",
        "udf #0",
    )
}

const _: (Filled, Wreckage) = (filled, wreck);
