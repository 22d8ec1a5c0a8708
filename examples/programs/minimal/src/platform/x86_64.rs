//! x86_64: system calls by `syscall`.

pub(crate) use super::linux::exit;
pub(super) use super::linux::write;
use core::arch::{asm, naked_asm};

pub(super) const WRITE: usize = 1;
pub(super) const EXIT: usize = 60;

/// Makes a system call of Linux.
///
/// # Safety
/// The arguments are valid for the system call `number`.
pub(super) unsafe fn call(number: usize, arguments: [usize; 3]) {
    // SAFETY: the caller guarantees that the arguments are valid. The kernel changes rcx and r11, which are declared.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => _,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
}

#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    naked_asm!("xor ebp, ebp", "and rsp, -16", "call {}", sym super::start)
}
