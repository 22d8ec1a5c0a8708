//! The calls that led here, by the unwind tables.

use core::ops::ControlFlow;

use crate::cut::Registers;
use crate::frames::{Backtrace, Frames};

/// Shows `visit` an address inside each active call, the innermost first, until it breaks or the
/// frames end.
///
/// A return address is shown less one, so that it lies in the calling instruction; the address at
/// which a trap struck is shown as it is. Neither allocates nor panics, but reads the stack: on a
/// damaged one it may fault. Where the stack's bounds are known, [`Backtrace`] reads only there.
pub fn backtrace(visit: &mut dyn FnMut(usize) -> ControlFlow<()>) {
    let registers = Registers::here();
    // SAFETY: the running thread's own registers, in this very call.
    let frames = Backtrace::of(unsafe { Frames::of_callers(&registers) });
    for frame in frames {
        if visit(frame.pc).is_break() {
            return;
        }
    }
}
