//! The entry point of the program, its output, and its exit.
//!
//! On Cortex-M the program starts as on a board, through a vector table and a reset handler. Its output and its exit
//! are semihosting operations. On the other architectures it uses the system calls of Linux, which QEMU's user
//! emulation provides for each of them.
#![expect(unsafe_code, reason = "the entry point, and what is outside")]

#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "aarch64.rs")]
#[cfg_attr(target_arch = "arm", path = "cortex_m.rs")]
#[cfg_attr(
    any(target_arch = "riscv32", target_arch = "riscv64"),
    path = "riscv.rs"
)]
mod outside;

#[cfg(not(target_arch = "arm"))]
mod linux;

use core::fmt;
pub(crate) use outside::exit;

/// Standard output.
pub(crate) struct Output;

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        outside::write(text);
        Ok(())
    }
}

/// Prints a line.
macro_rules! say {
    ($($arguments:tt)*) => {{
        use ::core::fmt::Write as _;
        // This cannot fail. Output that cannot be written is lost.
        let _ = ::core::writeln!($crate::platform::Output, $($arguments)*);
    }};
}
pub(crate) use say;

/// Runs the program. The entry point calls this when the stack is ready for Rust code.
extern "C" fn start() -> ! {
    exit(crate::run())
}
