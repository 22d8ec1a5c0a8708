//! From frame to frame, to the next landing pad.

use core::ops::ControlFlow::{self, Break, Continue};

use super::super::exception::ExceptionSlot;
use crate::cut::Registers;
use crate::frames::{Frames, Step};
use crate::tables::{LandingPad, Registered, Rules};

/// The walk has put the landing pad into the registers.
const FOUND: u32 = 0;
/// The outermost frame was reached.
pub(super) const NO_BOUNDARY: u32 = 1;
/// There is no way on from a frame.
const BLOCKED: u32 = 2;

/// Both passes: looks for who catches, and only then for the first landing pad.
///
/// # Safety
/// As [`land`].
pub(super) unsafe extern "C-unwind" fn search_and_land(
    registers: &mut Registers,
    exception: *const ExceptionSlot,
) -> u32 {
    // SAFETY: handed on.
    let frames = unsafe { Frames::of_callers(registers) };
    let answer = walk(frames, |_, pad| match pad {
        LandingPad::Catch(_) | LandingPad::Terminate(_) => Break(FOUND),
        LandingPad::Never => Break(BLOCKED),
        LandingPad::None | LandingPad::CleanUp(_) => Continue(()),
    });
    match answer {
        // SAFETY: handed on.
        FOUND => unsafe { land(registers, exception) },
        failed => failed,
    }
}

/// The second pass: to the next landing pad.
///
/// # Safety
/// `registers` are those of a frame of the running thread which has made a call that is still active,
/// and will be loaded with `exception` if this returns [`FOUND`].
pub(super) unsafe extern "C-unwind" fn land(
    registers: &mut Registers,
    exception: *const ExceptionSlot,
) -> u32 {
    // SAFETY: handed on.
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

/// Shows `visit` frame after frame and what each does with what is raised, until it has an answer.
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
        // Apart, so that what is remembered stays in registers.
        let flow = match Registered::remembered(pc) {
            Some((rules, Some(pad))) => next(&mut frames, &rules, pad),
            // SAFETY: `pc` is in an active frame of the running thread, so its image stays.
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
