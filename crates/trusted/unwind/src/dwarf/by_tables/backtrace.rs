//! The active calls of the running thread, by the unwind tables.

use core::ops::ControlFlow;

use crate::cut::Registers;
use crate::frames::{Backtrace, Frames};

/// Passes an address inside each active call to `visit`, the innermost first, until `visit` breaks or the frames end.
///
/// A return address is passed less one, so that it lies in the call instruction; the address that a trap interrupted is
/// passed unchanged. Neither allocates nor panics. It reads the stack without bounds, so it may fault if the stack is
/// damaged. If the bounds of the stack are known, use [`Backtrace`], which reads only there.
pub fn backtrace(visit: &mut dyn FnMut(usize) -> ControlFlow<()>) {
    let registers = Registers::here();
    // SAFETY: the registers are the running thread's own, in this very call, which is active during the walk.
    let frames = Backtrace::of(unsafe { Frames::of_callers(&registers) });
    for frame in frames {
        if visit(frame.pc).is_break() {
            return;
        }
    }
}
