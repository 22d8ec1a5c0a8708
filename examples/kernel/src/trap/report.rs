//! Reports a trap that ends the kernel.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::arch::exit::{ExitCode, exit};
use crate::arch::fault::{Fault, PAGE_FAULT, name};
use crate::arch::trap_frame::TrapFrame;
use crate::mm::image;
use crate::{backtrace, println_fatal, thread};

/// The number of fatal traps so far. A second one can only come from the report of the first.
static FATAL: AtomicU32 = AtomicU32::new(0);

/// Reports a fatal trap with the calls that led to it, and ends the kernel's run.
pub(super) fn fatal(frame: &TrapFrame, fault: &Fault) -> ! {
    match FATAL.fetch_add(1, Ordering::Relaxed) {
        0 => {}
        1 => {
            println_fatal!(
                "fault while reporting a fault: vector {} at {:#x}",
                frame.vector,
                frame.rip
            );
            exit(ExitCode::Failure);
        }
        _ => exit(ExitCode::Failure),
    }
    println_fatal!(
        "fault: {} (vector {}, error code {:#x}) at {:#x}, stack pointer {:#x}",
        name(frame.vector),
        frame.vector,
        frame.error_code,
        frame.rip,
        frame.rsp,
    );
    if frame.vector == PAGE_FAULT {
        println_fatal!("fault: {fault}");
        if thread::reserve::is_open() {
            println_fatal!("fault: the reserve of the stack is in use, or used up");
        }
    }
    backtrace::print_from(&frame.registers());
    report_wild_call(frame);
    exit(ExitCode::Failure)
}

/// Prints the caller of a wild call. There are no unwind tables for an address without code, but the return address
/// lies on top of the stack.
fn report_wild_call(frame: &TrapFrame) {
    let stack = thread::current().slot.stack();
    if !image::is_text(frame.rip)
        && frame.rsp.is_multiple_of(8)
        && stack.contains(&(frame.rsp as usize))
    {
        let top = core::ptr::with_exposed_provenance::<u64>(frame.rsp as usize);
        // SAFETY: an aligned word of the running thread's stack, as its slot records.
        let caller = unsafe { top.read() };
        if image::is_text(caller) {
            backtrace::print_address(caller - 1);
        }
    }
}
