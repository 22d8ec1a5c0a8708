//! RISC-V with 32 and 64 bits: saves s0 to s11 and the return address, and fs0 to fs11 if the target has
//! floating-point registers. The build script finds out whether the target has them, because a stable compiler does
//! not tell. The register fcsr is not saved or restored. RV32E is not supported, because it has too few registers.

use super::Body;
use core::arch::naked_asm;

/// Saves or loads one of the integer registers.
#[cfg(target_arch = "riscv64")]
macro_rules! word {
    (save $register:literal $slot:literal) => {
        concat!("sd ", $register, ", 8*", $slot, "(sp)")
    };
    (load $register:literal $slot:literal) => {
        concat!("ld ", $register, ", 8*", $slot, "(sp)")
    };
}
#[cfg(target_arch = "riscv32")]
macro_rules! word {
    (save $register:literal $slot:literal) => {
        concat!("sw ", $register, ", 4*", $slot, "(sp)")
    };
    (load $register:literal $slot:literal) => {
        concat!("lw ", $register, ", 4*", $slot, "(sp)")
    };
}

/// Saves or loads the word to which a register points.
#[cfg(target_arch = "riscv64")]
macro_rules! word_at {
    (save $register:literal $at:literal) => {
        concat!("sd ", $register, ", 0(", $at, ")")
    };
    (load $register:literal $at:literal) => {
        concat!("ld ", $register, ", 0(", $at, ")")
    };
}
#[cfg(target_arch = "riscv32")]
macro_rules! word_at {
    (save $register:literal $at:literal) => {
        concat!("sw ", $register, ", 0(", $at, ")")
    };
    (load $register:literal $at:literal) => {
        concat!("lw ", $register, ", 0(", $at, ")")
    };
}

/// Saves or loads one of the floating-point registers, which lie above 128 bytes of integer registers.
#[cfg(samara_riscv_float = "d")]
macro_rules! float {
    (save $register:literal $slot:literal) => {
        concat!("fsd ", $register, ", 128+8*", $slot, "(sp)")
    };
    (load $register:literal $slot:literal) => {
        concat!("fld ", $register, ", 128+8*", $slot, "(sp)")
    };
}
#[cfg(samara_riscv_float = "f")]
macro_rules! float {
    (save $register:literal $slot:literal) => {
        concat!("fsw ", $register, ", 128+8*", $slot, "(sp)")
    };
    (load $register:literal $slot:literal) => {
        concat!("flw ", $register, ", 128+8*", $slot, "(sp)")
    };
}
#[cfg(not(any(samara_riscv_float = "d", samara_riscv_float = "f")))]
macro_rules! float {
    ($operation:ident $register:literal $slot:literal) => {
        ""
    };
}

/// Enables the floating-point extensions, because a naked function is assembled without the features of the target.
#[cfg(any(samara_riscv_float = "d", samara_riscv_float = "f"))]
macro_rules! extension {
    (begin) => {
        ".option push; .option arch, +f, +d"
    };
    (end) => {
        ".option pop"
    };
}
#[cfg(not(any(samara_riscv_float = "d", samara_riscv_float = "f")))]
macro_rules! extension {
    ($which:ident) => {
        ""
    };
}

/// `registers!(save)` or `registers!(load)`, followed by the rest of a function.
macro_rules! registers {
    ($operation:ident, [$($before:expr),*], [$($after:expr),*], $($operand:tt)*) => {
        naked_asm!(
            $($before,)*
            word!($operation "ra" "2"),
            word!($operation "s0" "3"),
            word!($operation "s1" "4"),
            word!($operation "s2" "5"),
            word!($operation "s3" "6"),
            word!($operation "s4" "7"),
            word!($operation "s5" "8"),
            word!($operation "s6" "9"),
            word!($operation "s7" "10"),
            word!($operation "s8" "11"),
            word!($operation "s9" "12"),
            word!($operation "s10" "13"),
            word!($operation "s11" "14"),
            extension!(begin),
            float!($operation "fs0" "0"),
            float!($operation "fs1" "1"),
            float!($operation "fs2" "2"),
            float!($operation "fs3" "3"),
            float!($operation "fs4" "4"),
            float!($operation "fs5" "5"),
            float!($operation "fs6" "6"),
            float!($operation "fs7" "7"),
            float!($operation "fs8" "8"),
            float!($operation "fs9" "9"),
            float!($operation "fs10" "10"),
            float!($operation "fs11" "11"),
            extension!(end),
            $($after,)*
            frame = const FRAME,
            $($operand)*
        )
    };
}

/// Bytes of a boundary, a multiple of 16: integer registers, then floating-point ones.
const FRAME: usize = if cfg!(any(samara_riscv_float = "d", samara_riscv_float = "f")) {
    128 + 12 * 8
} else if cfg!(target_arch = "riscv64") {
    128
} else {
    64
};

/// The assembly of [`super::call`]. Returns 1 if the call was cut, otherwise 0.
///
/// # Safety
/// As [`super::call`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn call(body: Body, data: *mut (), anchor: *mut *mut ()) -> usize {
    registers!(
        save,
        ["addi sp, sp, -{frame}"],
        [
            word!(save "a2" "0"),
            word_at!(load "t0" "a2"),
            word!(save "t0" "1"),
            word_at!(save "sp" "a2"),
            "mv t0, a0",
            "mv a0, a1",
            "jalr t0",
            // The body has preserved all other registers.
            word!(load "a2" "0"),
            word!(load "t0" "1"),
            word_at!(save "t0" "a2"),
            word!(load "ra" "2"),
            "addi sp, sp, {frame}",
            "li a0, 0",
            "ret"
        ],
    )
}

/// The assembly of [`super::raise`].
///
/// # Safety
/// As [`super::raise`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn raise(boundary: *mut ()) -> ! {
    registers!(
        load,
        [
            "mv sp, a0",
            word!(load "a2" "0"),
            word!(load "t0" "1"),
            word_at!(save "t0" "a2")
        ],
        ["addi sp, sp, {frame}", "li a0, 1", "ret"],
    )
}
