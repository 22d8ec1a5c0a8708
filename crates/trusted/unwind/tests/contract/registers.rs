//! The `jump` backend restores every register that a function must preserve (x86_64).
#![cfg(target_arch = "x86_64")]
#![expect(unsafe_code, reason = "fills registers with known values")]

use samara_unwind::jump::{begin_panic, catch, raise};
use samara_unwind::{UnwindFailed, catch as unwinding_catch};
use std::arch::{asm, naked_asm};

/// Fills every preserved register with a value of its own and calls `f`. Returns how many of them differ afterwards.
#[unsafe(naked)]
unsafe extern "C" fn surrounded(f: extern "C" fn()) -> u64 {
    naked_asm!(
        "push rbx",
        "push rbp",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        "mov rbx, 0x1111",
        "mov rbp, 0x2222",
        "mov r12, 0x3333",
        "mov r13, 0x4444",
        "mov r14, 0x5555",
        "mov r15, 0x6666",
        "call rdi",
        "xor eax, eax",
        "xor ecx, ecx",
        "cmp rbx, 0x1111",
        "setne cl",
        "add rax, rcx",
        "cmp rbp, 0x2222",
        "setne cl",
        "add rax, rcx",
        "cmp r12, 0x3333",
        "setne cl",
        "add rax, rcx",
        "cmp r13, 0x4444",
        "setne cl",
        "add rax, rcx",
        "cmp r14, 0x5555",
        "setne cl",
        "add rax, rcx",
        "cmp r15, 0x6666",
        "setne cl",
        "add rax, rcx",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbp",
        "pop rbx",
        "ret",
    )
}

/// Overwrites every register that a function must preserve, and calls `f`, which never returns.
#[unsafe(naked)]
unsafe extern "C" fn wreck(f: extern "C" fn() -> !) -> ! {
    naked_asm!(
        "mov rbx, -1",
        "mov rbp, -1",
        "mov r12, -1",
        "mov r13, -1",
        "mov r14, -1",
        "mov r15, -1",
        "sub rsp, 8",
        "call rdi",
        "ud2",
    )
}

extern "C" fn give_up() -> ! {
    raise()
}

extern "C" fn caught() {
    assert!(
        catch(|| {
            // SAFETY: `give_up` never returns to this function, whose registers are lost.
            unsafe { wreck(give_up) }
        })
        .is_err()
    );
}

extern "C" fn quiet() {
    assert_eq!(catch(|| 5).ok(), Some(5));
}

#[test]
fn preserved_registers_are_restored() {
    // SAFETY: `surrounded` restores the registers that it fills.
    assert_eq!(unsafe { surrounded(caught) }, 0);
    // SAFETY: as above.
    assert_eq!(unsafe { surrounded(quiet) }, 0);
}

fn float_control() -> (u32, u16) {
    let (mut sse, mut x87) = (0_u32, 0_u16);
    // SAFETY: stores the control register in the local.
    unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut sse) };
    // SAFETY: stores the control word in the local.
    unsafe { asm!("fnstcw [{}]", in(reg) &raw mut x87) };
    // Without the sticky exception flags, which are status and not control bits.
    (sse & !0x3f, x87)
}

#[test]
fn float_control_and_direction_flag_are_restored() {
    let before = float_control();
    assert!(
        catch(|| {
            let (sse, x87) = (before.0 | 0x6000, before.1 | 0x0c00);
            // SAFETY: sets rounding towards zero. Nothing computes floats until the cut restores it.
            unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const sse) };
            // SAFETY: as above.
            unsafe { asm!("fldcw [{}]", in(reg) &raw const x87) };
            assert_ne!(float_control(), before);
            // SAFETY: a backward copy that is cut leaves the direction flag set. The cut clears it before other code
            // runs.
            unsafe { asm!("std", "call {}", sym give_up, options(noreturn)) };
        })
        .is_err()
    );
    assert_eq!(float_control(), before);
    let flags: u64;
    // SAFETY: reads the flags through the stack.
    unsafe { asm!("pushfq", "pop {}", out(reg) flags) };
    assert_eq!(flags & 0x400, 0, "the direction flag is set");
}

#[test]
fn without_a_boundary_nothing_is_cut() {
    assert_eq!(begin_panic(), UnwindFailed::NoBoundary);
    assert_eq!(catch(|| 1).ok(), Some(1));
    assert_eq!(begin_panic(), UnwindFailed::NoBoundary);
    assert!(unwinding_catch(raise).is_err(), "panics instead");
}
