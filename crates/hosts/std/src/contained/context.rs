//! Conversions between a signal's context and the registers of a cut.

use libc::{greg_t, ucontext_t};
use samara_unwind::cut::Registers;

/// The place of each register in the context, with its field in [`Registers`].
macro_rules! registers {
    ($($name:ident: $at:ident),*) => {
        /// Returns the registers that the signal interrupted.
        pub(super) fn load(context: &ucontext_t) -> Registers {
            let at = &context.uc_mcontext.gregs;
            Registers { $($name: at[libc::$at as usize] as u64),* }
        }

        /// Writes `registers` back, so that the thread goes on with them.
        pub(super) fn store(context: &mut ucontext_t, registers: &Registers) {
            let at = &mut context.uc_mcontext.gregs;
            $(at[libc::$at as usize] = registers.$name as greg_t;)*
        }
    };
}

registers! {
    rax: REG_RAX, rdx: REG_RDX, rcx: REG_RCX, rbx: REG_RBX, rsi: REG_RSI, rdi: REG_RDI,
    rbp: REG_RBP, rsp: REG_RSP, r8: REG_R8, r9: REG_R9, r10: REG_R10, r11: REG_R11,
    r12: REG_R12, r13: REG_R13, r14: REG_R14, r15: REG_R15, rip: REG_RIP, rflags: REG_EFL
}
