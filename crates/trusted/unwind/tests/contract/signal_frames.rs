//! The `jump` backend cuts from any instruction: a signal stands in for a trap (x86_64 Linux).
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "installs a signal handler and traps")]

use crate::anchors::of_this_thread;
use crate::common::descend;
use libc::{c_int, c_void, siginfo_t, ucontext_t};
use samara_unwind::cut::Registers;
use samara_unwind::jump::{catch, cut};
use std::arch::asm;

unsafe extern "C" fn handler(_: c_int, _: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's record of this signal, which belongs to the handler until it returns.
    let context = unsafe { &mut *context.cast::<ucontext_t>() };
    let at = &mut context.uc_mcontext.gregs;
    // Only the registers that a cut of this backend reads or changes.
    let mut registers = Registers {
        rdi: at[libc::REG_RDI as usize] as u64,
        rsp: at[libc::REG_RSP as usize] as u64,
        rip: at[libc::REG_RIP as usize] as u64,
        rflags: at[libc::REG_EFL as usize] as u64,
        ..Registers::default()
    };
    // SAFETY: the registers of this very thread, which trapped inside a boundary of its anchor.
    if unsafe { cut(&mut registers, of_this_thread()) }.is_err() {
        std::process::abort();
    }
    at[libc::REG_RDI as usize] = registers.rdi as i64;
    at[libc::REG_RSP as usize] = registers.rsp as i64;
    at[libc::REG_RIP as usize] = registers.rip as i64;
    at[libc::REG_EFL as usize] = registers.rflags as i64;
}

/// Traps with the direction flag set, a full x87 stack and every preserved register overwritten.
fn trap() -> u64 {
    // SAFETY: the code never continues behind the undefined instruction, and the cut restores the registers.
    unsafe {
        asm!(
            "std",
            "fldpi",
            "fldpi",
            "fldpi",
            "fldpi",
            "fldpi",
            "fldpi",
            "fldpi",
            "fldpi",
            "mov rbx, -1",
            "mov rbp, -1",
            "mov r12, -1",
            "mov r13, -1",
            "mov r14, -1",
            "mov r15, -1",
            "ud2",
            options(noreturn)
        )
    }
}

/// Invariant: ORDER-32
#[test]
fn a_trap_is_cut_to_the_innermost_boundary() {
    // SAFETY: all zeroes are a valid action.
    let mut action = unsafe { std::mem::zeroed::<libc::sigaction>() };
    action.sa_sigaction = handler as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
    // SAFETY: the handler above has the type that `SA_SIGINFO` requires.
    let code = unsafe { libc::sigaction(libc::SIGILL, &raw const action, std::ptr::null_mut()) };
    assert_eq!(code, 0);
    let words: [u64; 24] = std::array::from_fn(|at| std::hint::black_box(at as u64));
    for turn in 0..2_000_u64 {
        let outer = catch(|| {
            assert!(catch(|| descend(turn % 30, &trap)).is_err());
            turn
        });
        assert_eq!(outer.ok(), Some(turn));
        let (mut tag, mut flags) = ([0_u16; 14], 0_u64);
        // SAFETY: stores the x87 environment in the local, and loads it again.
        unsafe { asm!("fnstenv [{0}]", "fldenv [{0}]", in(reg) tag.as_mut_ptr()) };
        // SAFETY: reads the flags through the stack.
        unsafe { asm!("pushfq", "pop {}", out(reg) flags) };
        assert_eq!((tag[4], flags & 0x400), (0xffff, 0), "{turn}");
    }
    assert!(
        words
            .iter()
            .enumerate()
            .all(|(at, word)| at as u64 == *word)
    );
}
