//! The way from a trap frame to the boundary.

use super::{CutBlock, CutError, Registers};
use crate::frames::{Frames, Step};
use crate::tables::{Finder, TableError};
use core::arch::naked_asm;
use core::ops::Range;

/// What is cut, and to where.
#[derive(Clone)]
pub struct Cut<'a> {
    /// A record in the frame that is landed in: frames above the one whose stretch of stack holds
    /// this address are given up.
    pub record: *const (),
    /// The thread's stack, lowest and end address: what may be read. At most this is.
    pub stack: Range<usize>,
    /// Finds the frames' tables: [`Registered`](crate::tables::Registered), or one's own.
    pub finder: &'a dyn Finder,
    /// What the boundary's frame sees its callee do: raise. Runs on the thread, on the boundary's
    /// stack, with the FPU's control words at their defaults. [`raise`] raises at once.
    pub raise: extern "C-unwind" fn() -> !,
}

/// The plainest [`Cut::raise`].
pub extern "C-unwind" fn raise() -> ! {
    crate::raise()
}

/// Direction, trap-on-misalignment and nested-task flags: none may be set in compiled code.
const CLEARED_FLAGS: u64 = 1 << 10 | 1 << 18 | 1 << 14;

/// Rewrites `registers`, those of an interrupted thread, so that it goes on in the frame that holds
/// `cut.record`, whose callee then raises.
///
/// No allocation, no lock, bounded work; reads the stack only inside `cut.stack`, and writes nothing
/// but `registers`. Uses about 3 KiB of stack.
///
/// # Errors
/// See [`CutError`]; then `registers` are as they were.
///
/// # Safety
/// * `registers` are those of a thread that does not run meanwhile, stopped in compiled code or by a
///   fault of it, and will be loaded as they are then.
/// * `cut.stack` is that thread's stack, mapped and readable, and the 128 bytes below its stack
///   pointer are as it left them.
/// * Nothing relies on a destructor in the frames that are given up, nobody else refers to them, and
///   the record's frame is that of a call that may unwind, below a [`catch`](crate::catch).
pub unsafe fn cut(registers: &mut Registers, cut: &Cut<'_>) -> Result<(), CutError> {
    let record = cut.record.addr() as u64;
    if record < registers.rsp {
        return Err(CutError::AtBoundary);
    }
    // SAFETY: the caller's.
    let mut frames = unsafe { Frames::new(registers, cut.stack.clone(), cut.finder) };
    let mut depth = 0_usize;
    loop {
        let frame = *frames.registers();
        let pc = frames.pc();
        let step = frames.step().map_err(|why| blocked(pc, why))?;
        // A frame reaches up to where its caller's begins; the outermost to the stack's end.
        let end = match step {
            Step::Caller => frames.registers().rsp,
            Step::End => cut.stack.end as u64,
        };
        if record < end {
            if depth == 0 {
                return Err(CutError::AtBoundary);
            }
            return land(registers, &frame, &mut frames, cut);
        }
        depth += 1;
        match step {
            Step::End => return Err(CutError::AtBoundary),
            Step::Caller if depth == MAX_DEPTH => return Err(CutError::TooDeep),
            Step::Caller => {}
        }
    }
}

/// More than fit on a stack of 8 MiB with useful frames; what keeps the work bounded on a larger one.
const MAX_DEPTH: usize = 1 << 18;

/// `frame` are the boundary's registers as its callee would have returned to it.
fn land(
    registers: &mut Registers,
    frame: &Registers,
    frames: &mut Frames<'_>,
    cut: &Cut<'_>,
) -> Result<(), CutError> {
    // The call has left the return address just below, where it still stands.
    let return_address = frame.rsp.wrapping_sub(8);
    if frames.stack().word(return_address) != Some(frame.rip) {
        return Err(blocked(frame.rip as usize, TableError::OutOfStack));
    }
    let flags = registers.rflags;
    *registers = *frame;
    registers.rflags = flags & !CLEARED_FLAGS;
    registers.rsp = return_address;
    registers.rip = landing as *const () as u64;
    registers.r11 = cut.raise as *const () as u64;
    Ok(())
}

fn blocked(pc: usize, why: TableError) -> CutError {
    let why = match why {
        TableError::NoEntry => CutBlock::NoTable,
        TableError::Damaged | TableError::Unsupported => CutBlock::BadTable,
        TableError::OutOfStack => CutBlock::BadStack,
    };
    CutError::Blocked { pc, why }
}

/// Entered as if the boundary had called it, with what raises in r11.
///
/// The code that was cut may have left the x87 stack in use and any control word changed.
#[unsafe(naked)]
unsafe extern "C-unwind" fn landing() -> ! {
    naked_asm!(
        ".cfi_startproc",
        "sub rsp, 8",
        ".cfi_def_cfa_offset 16",
        "fninit",
        "mov dword ptr [rsp], 0x1f80",
        "ldmxcsr [rsp]",
        "call r11",
        "ud2",
        ".cfi_endproc",
    )
}
