//! RISC-V: s0 to s11, and fs0 to fs11 where there is a floating-point unit.

use super::{Filled, Wreckage};
use core::arch::naked_asm;

/// The number of registers: integer registers come first, then floating-point registers.
pub(super) const WORDS: usize = if cfg!(target_arch = "riscv64") {
    24
} else {
    12
};
/// The number of integer registers.
pub(super) const INTEGERS: usize = 12;

/// `save` stores a register relative to the stack pointer, `load` loads a register from there, and `out` stores a
/// register relative to a1.
#[cfg(target_arch = "riscv64")]
macro_rules! word {
    (save $register:literal $slot:literal) => {
        concat!("sd ", $register, ", 8*", $slot, "(sp)")
    };
    (load $register:literal $slot:literal) => {
        concat!("ld ", $register, ", 8*", $slot, "(sp)")
    };
    (out $register:literal $slot:literal) => {
        concat!("sd ", $register, ", 8*", $slot, "(a1)")
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
    (out $register:literal $slot:literal) => {
        concat!("sw ", $register, ", 4*", $slot, "(a1)")
    };
}

/// The program is built for 64-bit targets, which have double-precision registers, and for a 32-bit target, which has
/// no floating-point unit.
#[cfg(target_arch = "riscv64")]
macro_rules! float {
    (save $register:literal $base:literal $offset:literal) => {
        concat!("fsd ", $register, ", ", $offset, "(", $base, ")")
    };
    (load $register:literal $base:literal $offset:literal) => {
        concat!("fld ", $register, ", ", $offset, "(", $base, ")")
    };
    (fill $register:literal $value:literal) => {
        concat!("li t0, ", $value, "; fmv.d.x ", $register, ", t0")
    };
}
#[cfg(target_arch = "riscv32")]
macro_rules! float {
    ($($ignored:tt)*) => {
        ""
    };
}

#[cfg(target_arch = "riscv64")]
macro_rules! extension {
    (begin) => {
        ".option push; .option arch, +f, +d"
    };
    (end) => {
        ".option pop"
    };
}
#[cfg(target_arch = "riscv32")]
macro_rules! extension {
    ($which:ident) => {
        ""
    };
}

/// See [`Filled`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn filled(f: extern "C" fn(), words: *mut usize) {
    naked_asm!(
        "addi sp, sp, -256",
        word!(save "ra" "0"),
        word!(save "s0" "1"),
        word!(save "s1" "2"),
        word!(save "s2" "3"),
        word!(save "s3" "4"),
        word!(save "s4" "5"),
        word!(save "s5" "6"),
        word!(save "s6" "7"),
        word!(save "s7" "8"),
        word!(save "s8" "9"),
        word!(save "s9" "10"),
        word!(save "s10" "11"),
        word!(save "s11" "12"),
        word!(save "a1" "13"),
        extension!(begin),
        float!(save "fs0" "sp" "128+8*0"),
        float!(save "fs1" "sp" "128+8*1"),
        float!(save "fs2" "sp" "128+8*2"),
        float!(save "fs3" "sp" "128+8*3"),
        float!(save "fs4" "sp" "128+8*4"),
        float!(save "fs5" "sp" "128+8*5"),
        float!(save "fs6" "sp" "128+8*6"),
        float!(save "fs7" "sp" "128+8*7"),
        float!(save "fs8" "sp" "128+8*8"),
        float!(save "fs9" "sp" "128+8*9"),
        float!(save "fs10" "sp" "128+8*10"),
        float!(save "fs11" "sp" "128+8*11"),
        "li s0, 1",
        "li s1, 2",
        "li s2, 3",
        "li s3, 4",
        "li s4, 5",
        "li s5, 6",
        "li s6, 7",
        "li s7, 8",
        "li s8, 9",
        "li s9, 10",
        "li s10, 11",
        "li s11, 12",
        float!(fill "fs0" "100"),
        float!(fill "fs1" "101"),
        float!(fill "fs2" "102"),
        float!(fill "fs3" "103"),
        float!(fill "fs4" "104"),
        float!(fill "fs5" "105"),
        float!(fill "fs6" "106"),
        float!(fill "fs7" "107"),
        float!(fill "fs8" "108"),
        float!(fill "fs9" "109"),
        float!(fill "fs10" "110"),
        float!(fill "fs11" "111"),
        "jalr a0",
        word!(load "a1" "13"),
        word!(out "s0" "0"),
        word!(out "s1" "1"),
        word!(out "s2" "2"),
        word!(out "s3" "3"),
        word!(out "s4" "4"),
        word!(out "s5" "5"),
        word!(out "s6" "6"),
        word!(out "s7" "7"),
        word!(out "s8" "8"),
        word!(out "s9" "9"),
        word!(out "s10" "10"),
        word!(out "s11" "11"),
        float!(save "fs0" "a1" "8*12+8*0"),
        float!(save "fs1" "a1" "8*12+8*1"),
        float!(save "fs2" "a1" "8*12+8*2"),
        float!(save "fs3" "a1" "8*12+8*3"),
        float!(save "fs4" "a1" "8*12+8*4"),
        float!(save "fs5" "a1" "8*12+8*5"),
        float!(save "fs6" "a1" "8*12+8*6"),
        float!(save "fs7" "a1" "8*12+8*7"),
        float!(save "fs8" "a1" "8*12+8*8"),
        float!(save "fs9" "a1" "8*12+8*9"),
        float!(save "fs10" "a1" "8*12+8*10"),
        float!(save "fs11" "a1" "8*12+8*11"),
        word!(load "s0" "1"),
        word!(load "s1" "2"),
        word!(load "s2" "3"),
        word!(load "s3" "4"),
        word!(load "s4" "5"),
        word!(load "s5" "6"),
        word!(load "s6" "7"),
        word!(load "s7" "8"),
        word!(load "s8" "9"),
        word!(load "s9" "10"),
        word!(load "s10" "11"),
        word!(load "s11" "12"),
        word!(load "ra" "0"),
        float!(load "fs0" "sp" "128+8*0"),
        float!(load "fs1" "sp" "128+8*1"),
        float!(load "fs2" "sp" "128+8*2"),
        float!(load "fs3" "sp" "128+8*3"),
        float!(load "fs4" "sp" "128+8*4"),
        float!(load "fs5" "sp" "128+8*5"),
        float!(load "fs6" "sp" "128+8*6"),
        float!(load "fs7" "sp" "128+8*7"),
        float!(load "fs8" "sp" "128+8*8"),
        float!(load "fs9" "sp" "128+8*9"),
        float!(load "fs10" "sp" "128+8*10"),
        float!(load "fs11" "sp" "128+8*11"),
        extension!(end),
        "addi sp, sp, 256",
        "ret",
    )
}

/// See [`Wreckage`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn wreck(f: extern "C" fn() -> !) -> ! {
    naked_asm!(
        "li s0, -1",
        "li s1, -1",
        "li s2, -1",
        "li s3, -1",
        "li s4, -1",
        "li s5, -1",
        "li s6, -1",
        "li s7, -1",
        "li s8, -1",
        "li s9, -1",
        "li s10, -1",
        "li s11, -1",
        extension!(begin),
        float!(fill "fs0" "-1"),
        float!(fill "fs1" "-1"),
        float!(fill "fs2" "-1"),
        float!(fill "fs3" "-1"),
        float!(fill "fs4" "-1"),
        float!(fill "fs5" "-1"),
        float!(fill "fs6" "-1"),
        float!(fill "fs7" "-1"),
        float!(fill "fs8" "-1"),
        float!(fill "fs9" "-1"),
        float!(fill "fs10" "-1"),
        float!(fill "fs11" "-1"),
        extension!(end),
        "jalr a0",
        "ebreak",
    )
}

const _: (Filled, Wreckage) = (filled, wreck);
