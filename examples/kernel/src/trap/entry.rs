//! The first and last instructions of every trap.
//!
//! Each vector has a stub. It completes the trap frame, so that all frames look alike. The common part saves every
//! general register and the floating-point and vector state before any Rust code runs, since compiled code uses both.
//! It puts the flags and control words into the state that Rust expects, and restores all state before the trap
//! returns. Its unwind information leads through the trap: a walk from the handler continues at the interrupted
//! instruction, with the registers of the interrupted code.

use core::arch::global_asm;

use crate::arch::trap_frame::TrapFrame;

/// Bytes that each stub takes.
const STUB_SIZE: usize = 16;

global_asm!(
    r#"
    .section .text.trap_entry, "ax", @progbits
    .balign {stub_size}
    .globl trap_stubs
    .type trap_stubs, @function
trap_stubs:
    .cfi_startproc
    .cfi_signal_frame
    // No walk of the stack starts inside a stub, since a stub runs with interrupts disabled and touches only its trap
    // stack.
    .cfi_undefined rip
    .set vector, 0
    .rept 256
    .balign {stub_size}
    // The CPU pushes an error code for vectors 8, 10 to 14, 17, 21, 29 and 30. The stub pushes a zero for the others.
    .if ((0x60227d00 >> vector) & 1) == 0 || vector > 31
    push 0
    .endif
    push vector
    jmp trap_common
    .set vector, vector + 1
    .endr
    .cfi_endproc
    .size trap_stubs, . - trap_stubs

    .type trap_common, @function
trap_common:
    .cfi_startproc
    .cfi_signal_frame
    .cfi_undefined rip
    push rax
    push rbx
    push rcx
    push rdx
    push rsi
    push rdi
    push rbp
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    mov rbp, rsp
    // From here on all registers are in the frame. DWARF numbers: 16 is the return address, 7 the stack pointer.
    .cfi_def_cfa rbp, {frame_size}
    .cfi_offset 16, -40
    .cfi_offset 7, -16
    .cfi_offset 0, -64
    .cfi_offset 3, -72
    .cfi_offset 2, -80
    .cfi_offset 1, -88
    .cfi_offset 4, -96
    .cfi_offset 5, -104
    .cfi_offset 6, -112
    .cfi_offset 8, -120
    .cfi_offset 9, -128
    .cfi_offset 10, -136
    .cfi_offset 11, -144
    .cfi_offset 12, -152
    .cfi_offset 13, -160
    .cfi_offset 14, -168
    .cfi_offset 15, -176

    sub rsp, 528
    and rsp, -16
    fxsave64 [rsp]
    fninit
    // The default: all exceptions masked, round to nearest.
    mov dword ptr [rsp + 512], 0x1f80
    ldmxcsr [rsp + 512]
    cld
    mov rdi, rbp
    mov rsi, rsp
    call {handler}
    fxrstor64 [rsp]

    mov rsp, rbp
    .cfi_undefined rip
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rbp
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rbx
    pop rax
    add rsp, 16
    iretq
    .cfi_endproc
    .size trap_common, . - trap_common

    .text
    "#,
    stub_size = const STUB_SIZE,
    frame_size = const size_of::<TrapFrame>(),
    handler = sym super::handle,
);

unsafe extern "C" {
    static trap_stubs: u8;
}

/// Returns the address of the stub of a vector.
pub(crate) fn stub(vector: u8) -> u64 {
    (&raw const trap_stubs).addr() as u64 + u64::from(vector) * STUB_SIZE as u64
}
