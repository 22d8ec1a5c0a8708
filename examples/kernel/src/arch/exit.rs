//! Ends the run of the machine.

use x86_64::instructions::port::PortWriteOnly;
use x86_64::instructions::{hlt, interrupts};

/// The port of QEMU's `isa-debug-exit` device, which ends the machine with status `code * 2 + 1`.
const DEBUG_EXIT: u16 = 0xf4;

/// The outcome of a run of the kernel.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum ExitCode {
    /// QEMU's status 33.
    Success = 0x10,
    /// QEMU's status 35.
    Failure = 0x11,
}

/// Ends the run. In a machine without a debug exit device, halts the CPU.
pub(crate) fn exit(code: ExitCode) -> ! {
    let mut port = PortWriteOnly::<u8>::new(DEBUG_EXIT);
    // SAFETY: no other device of a PC answers at this port.
    unsafe { port.write(code as u8) };
    loop {
        interrupts::disable();
        hlt();
    }
}
