//! The calls that led here, by the unwind tables.

#![expect(unsafe_code, reason = "the walk's callback goes through C")]

use core::ffi::c_void;
use core::ops::ControlFlow;

use unwinding::abi::{_Unwind_Backtrace, _Unwind_GetIPInfo, UnwindContext, UnwindReasonCode};

type Visit<'a> = &'a mut dyn FnMut(usize) -> ControlFlow<()>;

/// Shows `visit` an address inside each active call, the innermost first, until it breaks or the
/// frames end.
///
/// A return address is shown less one, so that it lies in the calling instruction; the address at
/// which a trap struck is shown as it is. Neither allocates nor panics, but reads the stack: on a
/// damaged one it may fault.
pub fn backtrace(visit: Visit<'_>) {
    let mut visit = visit;
    let argument = core::ptr::from_mut(&mut visit).cast::<c_void>();
    // The code says only how the walk ended; a walk that stops early is as good as can be had.
    let _ = _Unwind_Backtrace(step, argument);
}

extern "C" fn step(context: &UnwindContext<'_>, argument: *mut c_void) -> UnwindReasonCode {
    // SAFETY: `argument` is the `&mut Visit` of `backtrace`, which is alive and otherwise unused
    // during the walk.
    let visit = unsafe { &mut *argument.cast::<Visit<'_>>() };
    let mut before_instruction = 0;
    let address = _Unwind_GetIPInfo(context, &mut before_instruction);
    if address == 0 {
        return UnwindReasonCode::NORMAL_STOP;
    }
    match visit(address.wrapping_sub((before_instruction == 0).into())) {
        ControlFlow::Continue(()) => UnwindReasonCode::NO_REASON,
        ControlFlow::Break(()) => UnwindReasonCode::NORMAL_STOP,
    }
}
