//! The reference kernel of Samara: the smallest that shows every host hook, for x86_64 under QEMU.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "a kernel: devices, page tables, traps")]

mod arch;
mod boot;
mod console;
mod mm;
mod panic;

use arch::exit::{ExitCode, exit};

struct Noisy;
impl Drop for Noisy {
    fn drop(&mut self) {
        println!("dropped");
    }
}
#[inline(never)]
fn deep(n: usize, a: &[u8]) -> u8 {
    let _n = Noisy;
    if n == 0 {
        a[core::hint::black_box(7)]
    } else {
        deep(n - 1, a).wrapping_add(1)
    }
}

/// The kernel, once there is a stack to run on.
extern "C" fn kernel_main(start_info: u32) -> ! {
    console::init();
    println!("start info {start_info:#x}");
    let r = samara_unwind::catch(|| deep(4, &[1, 2, 3]));
    println!("caught: {}", r.is_err());
    println!("unwinding: {}", samara_unwind::is_unwinding());
    panic::trace();
    exit(ExitCode::Success)
}
