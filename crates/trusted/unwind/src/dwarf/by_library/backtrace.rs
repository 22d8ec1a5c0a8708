//! The active calls of the running thread, by the unwind tables.

#![expect(unsafe_code, reason = "the walk's callback goes through C")]

use core::ffi::c_void;
use core::ops::ControlFlow;

use unwinding::abi::{_Unwind_Backtrace, _Unwind_GetIPInfo, UnwindContext, UnwindReasonCode};

type Visit<'a> = &'a mut dyn FnMut(usize) -> ControlFlow<()>;

/// Passes an address inside each active call to `visit`, the innermost first, until `visit` breaks or the frames end.
///
/// A return address is passed less one, so that it lies in the call instruction; the address that a trap interrupted is
/// passed unchanged. Neither allocates nor panics. It reads the stack, so it may fault if the stack is damaged.
pub fn backtrace(visit: Visit<'_>) {
    let mut visit = visit;
    let argument = core::ptr::from_mut(&mut visit).cast::<c_void>();
    // The result only says how the walk ended. If it ended early, there is no way to get more.
    let _ = _Unwind_Backtrace(step, argument);
}

extern "C" fn step(context: &UnwindContext<'_>, argument: *mut c_void) -> UnwindReasonCode {
    // SAFETY: `argument` is the `&mut Visit` of `backtrace`, which is alive and otherwise unused during the walk.
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
