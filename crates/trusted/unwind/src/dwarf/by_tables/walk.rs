//! The walk from frame to frame, to the next landing pad.

use core::ops::ControlFlow::{self, Break, Continue};

use super::super::exception::ExceptionSlot;
use crate::cut::Registers;
use crate::frames::{Frames, Step};
use crate::tables::{LandingPad, Registered, Rules};

/// The walk has put the landing pad into the registers.
const FOUND: u32 = 0;
/// The outermost frame was reached.
pub(super) const NO_BOUNDARY: u32 = 1;
/// A frame has no usable table, or must not be unwound.
const BLOCKED: u32 = 2;

/// Makes both passes: looks for the frame that catches, and only then for the first landing pad.
///
/// # Safety
/// As [`land`].
pub(super) unsafe extern "C-unwind" fn search_and_land(
    registers: &mut Registers,
    exception: *const ExceptionSlot,
) -> u32 {
    // SAFETY: upheld by the caller.
    let frames = unsafe { Frames::of_callers(registers) };
    let answer = walk(frames, |_, pad| match pad {
        LandingPad::Catch(_) | LandingPad::Terminate(_) => Break(FOUND),
        LandingPad::Never => Break(BLOCKED),
        LandingPad::None | LandingPad::CleanUp(_) => Continue(()),
    });
    match answer {
        // SAFETY: upheld by the caller.
        FOUND => unsafe { land(registers, exception) },
        failed => failed,
    }
}

/// Makes the second pass up to the next landing pad, whose registers it stores at `registers`.
///
/// # Safety
/// `registers` are those of a frame of the running thread that has made a call, which is still active. If this returns
/// [`FOUND`], the thread continues with the changed registers, and with `exception` at the landing pad.
pub(super) unsafe extern "C-unwind" fn land(
    registers: &mut Registers,
    exception: *const ExceptionSlot,
) -> u32 {
    // SAFETY: upheld by the caller.
    let frames = unsafe { Frames::of_callers(registers) };
    walk(frames, |frames, pad| match (pad, pad.address()) {
        (_, Some(pad)) => {
            registers.go_on_as(frames.registers());
            registers.rip = pad as u64;
            registers.rax = exception.expose_provenance() as u64;
            Break(FOUND)
        }
        (LandingPad::Never, _) => Break(BLOCKED),
        _ => Continue(()),
    })
}

/// Passes frame after frame to `visit`, each with its landing pad, until `visit` has an answer or the frames end.
#[inline(always)]
fn walk(
    mut frames: Frames<'_>,
    mut visit: impl FnMut(&Frames<'_>, LandingPad) -> ControlFlow<u32>,
) -> u32 {
    let mut next = |frames: &mut Frames<'_>, rules: &Rules, pad| {
        visit(frames, pad)?;
        match frames.step(rules) {
            Ok(Step::Caller) => Continue(()),
            Ok(Step::End) => Break(NO_BOUNDARY),
            Err(_) => Break(BLOCKED),
        }
    };
    loop {
        let pc = frames.pc();
        // Two calls of `next`, so that remembered rules stay in registers.
        let flow = match Registered::remembered(pc) {
            Some((rules, Some(pad))) => next(&mut frames, &rules, pad),
            // SAFETY: `pc` is in an active frame of the running thread, so its image is not unloaded meanwhile
            // (ORDER-46).
            _ => match unsafe { Registered::active_frame(pc) } {
                Ok((rules, pad)) => next(&mut frames, &rules, pad),
                Err(_) => Break(BLOCKED),
            },
        };
        if let Break(answer) = flow {
            return answer;
        }
    }
}
