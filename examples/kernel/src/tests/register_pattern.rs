//! Code that fills every register, the direction flag, the floating-point control words and the red zone with a
//! pattern, spins, and checks that all of it is still there.

use core::arch::global_asm;
use core::fmt;

global_asm!(
    r#"
    .section .text.keeper, "ax", @progbits
    .globl keep_pattern
    .type keep_pattern, @function
// The arguments are those of the declaration below. The frame holds at rsp 14 words for the general registers, then
// at 120: MXCSR, 128: x87 control word, 136: seed, 144 and 152: the caller's control words, 160: scratch.
keep_pattern:
    .cfi_startproc
    .irp register, rbx, rbp, r12, r13, r14, r15
    push \register
    .cfi_adjust_cfa_offset 8
    .endr
    sub rsp, 200
    .cfi_adjust_cfa_offset 200
    stmxcsr [rsp + 144]
    fnstcw [rsp + 152]
    mov [rsp + 120], edx
    ldmxcsr [rsp + 120]
    mov [rsp + 128], cx
    fldcw [rsp + 128]
    mov [rsp + 136], rdi
    fild qword ptr [rsp + 136]
    mov r15, rsi
    .set i, 0
    .rept 14
    lea rax, [rdi + 1 + i]
    mov [rsp + 8 * i], rax
    .set i, i + 1
    .endr
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    lea rax, [rdi + 1000 + \i]
    movq xmm\i, rax
    pshufd xmm\i, xmm\i, 0x44
    lea rax, [rdi + 2000 + \i]
    mov [rsp - 8 - 8 * \i], rax
    .endr
    .set i, 0
    .irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14
    mov \register, [rsp + 8 * i]
    .set i, i + 1
    .endr
    std
2:
    .set i, 0
    .irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14
    cmp \register, [rsp + 8 * i]
    jne 31f
    .set i, i + 1
    .endr
    dec r15
    jnz 2b

    mov rdi, [rsp + 136]
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    lea rax, [rdi + 2000 + \i]
    cmp rax, [rsp - 8 - 8 * \i]
    jne 32f
    .endr
    pushfq
    pop rax
    bt eax, 10
    jnc 33f
    stmxcsr [rsp + 160]
    mov eax, [rsp + 160]
    cmp eax, [rsp + 120]
    jne 34f
    fnstcw [rsp + 160]
    mov ax, [rsp + 160]
    cmp ax, [rsp + 128]
    jne 35f
    fistp qword ptr [rsp + 160]
    mov rax, [rsp + 160]
    cmp rax, [rsp + 136]
    jne 36f
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    lea rcx, [rdi + 1000 + \i]
    movq rax, xmm\i
    cmp rax, rcx
    jne 37f
    punpckhqdq xmm\i, xmm\i
    movq rax, xmm\i
    cmp rax, rcx
    jne 37f
    .endr
    xor eax, eax
    jmp 9f
31: mov eax, 1
    jmp 9f
32: mov eax, 2
    jmp 9f
33: mov eax, 3
    jmp 9f
34: mov eax, 4
    jmp 9f
35: mov eax, 5
    jmp 9f
36: mov eax, 6
    jmp 9f
37: mov eax, 7
9:
    cld
    ldmxcsr [rsp + 144]
    fninit
    fldcw [rsp + 152]
    add rsp, 200
    .cfi_adjust_cfa_offset -200
    .irp register, r15, r14, r13, r12, rbp, rbx
    pop \register
    .cfi_adjust_cfa_offset -8
    .endr
    ret
    .cfi_endproc
    .size keep_pattern, . - keep_pattern
    .text
    "#
);

unsafe extern "C" {
    /// Keeps the pattern of `seed` for `rounds` rounds, at least 1. Returns 0, or the number of the part that was
    /// lost.
    safe fn keep_pattern(seed: u64, rounds: u64, mxcsr: u32, control: u16) -> u32;
}

/// The part of the pattern that was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    GeneralRegister,
    RedZone,
    DirectionFlag,
    Mxcsr,
    ControlWord,
    X87Register,
    VectorRegister,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Keeps a pattern made of `seed` for `rounds` rounds. Returns the part that was lost, if any.
pub(super) fn keep(seed: u64, rounds: u64) -> Result<(), Lost> {
    // The rounding mode depends on the seed. Exceptions are masked.
    let rounding = seed & 3;
    let mxcsr = 0x1f80 | (rounding << 13) as u32;
    let control = 0x037f | (rounding << 10) as u16;
    Err(match keep_pattern(seed, rounds.max(1), mxcsr, control) {
        0 => return Ok(()),
        1 => Lost::GeneralRegister,
        2 => Lost::RedZone,
        3 => Lost::DirectionFlag,
        4 => Lost::Mxcsr,
        5 => Lost::ControlWord,
        6 => Lost::X87Register,
        _ => Lost::VectorRegister,
    })
}
