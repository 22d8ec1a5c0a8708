//! A trap does not change the registers or the red zone of the code that it interrupts.

use core::arch::asm;

use super::kernel_tests;
use crate::trap;

/// Fills the vector registers and the red zone, executes a breakpoint, and reads both back.
fn trap_with(vector: &mut [u8; 256], red_zone: &mut [u64; 16]) {
    // SAFETY: all registers that change are declared or restored. The stack pointer moves down first, so that
    // compiled code uses none of the red zone below it. The handler returns to the instruction after the breakpoint.
    unsafe {
        asm!(
            "sub rsp, 512",
            ".irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
            "movups xmm\\i, [{vector} + 16*\\i]",
            "mov {word}, [{red} + 8*\\i]",
            "mov [rsp - 128 + 8*\\i], {word}",
            ".endr",
            "int3",
            ".irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
            "movups [{vector} + 16*\\i], xmm\\i",
            "mov {word}, [rsp - 128 + 8*\\i]",
            "mov [{red} + 8*\\i], {word}",
            ".endr",
            "add rsp, 512",
            vector = in(reg) vector.as_mut_ptr(),
            red = in(reg) red_zone.as_mut_ptr(),
            word = out(reg) _,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
            out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
            out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
        );
    }
}

/// Executes a breakpoint with the direction flag set. Returns whether the flag is still set afterwards.
fn trap_with_direction_flag() -> bool {
    let flags: u64;
    // SAFETY: the flag is cleared again before any other code of this thread runs.
    unsafe { asm!("std", "int3", "pushfq", "pop {flags}", "cld", flags = out(reg) flags) };
    flags & (1 << 10) != 0
}

kernel_tests! {
    /// Invariant: TRAP-1
    fn vector_registers_and_red_zone_survive() {
        let before = trap::breakpoints();
        let mut vector: [u8; 256] = core::array::from_fn(|index| index as u8 ^ 0x5a);
        let mut red_zone: [u64; 16] =
            core::array::from_fn(|index| 0x0123_4567_89ab_cdef ^ index as u64);
        let expected = (vector, red_zone);
        trap_with(&mut vector, &mut red_zone);
        assert_eq!(trap::breakpoints(), before + 1);
        assert_eq!((vector, red_zone), expected);
    }

    fn a_set_direction_flag_survives_a_trap() {
        assert!(trap_with_direction_flag());
    }

    fn floating_point_arithmetic_goes_on() {
        let mut sum = core::hint::black_box(0.5_f64);
        for step in 0..100 {
            sum += f64::from(step) * 0.25;
            // SAFETY: the handler of a breakpoint counts it and returns.
            unsafe { asm!("int3") };
        }
        assert_eq!(sum, 1238.0);
    }
}
