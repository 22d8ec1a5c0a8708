//! RISC-V: system calls by `ecall`.

pub(crate) use super::linux::exit;
pub(super) use super::linux::write;
use core::arch::{asm, naked_asm};

pub(super) const WRITE: usize = 64;
pub(super) const EXIT: usize = 93;

/// Makes a system call of Linux.
///
/// # Safety
/// The arguments are valid for the system call `number`.
pub(super) unsafe fn call(number: usize, arguments: [usize; 3]) {
    // SAFETY: handed on.
    unsafe {
        asm!(
            "ecall",
            in("a7") number,
            inlateout("a0") arguments[0] => _,
            in("a1") arguments[1],
            in("a2") arguments[2],
            options(nostack),
        );
    }
}

#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    naked_asm!("andi sp, sp, -16", "call {}", sym super::start)
}
