//! The walk from a trap frame to the boundary.

use super::stack::Stack;
use super::{CutBlock, CutError, Raise, Registers};
use crate::frames::{Frames, Step};
use crate::tables::{Finder, LandingPad, Registered, Rules, TableError};
use core::arch::naked_asm;
use core::mem::offset_of;
use core::ops::Range;

/// The description of a cut: what is discarded, and where the thread lands.
#[derive(Clone)]
pub struct Cut<'a> {
    /// The address of a record on the stack, outside the boundary. The thread lands in the frame that contains this
    /// address, if that frame catches an exception of its active call. This is so in optimised code, where `catch`
    /// was inlined into that frame. Otherwise the thread lands in the outermost of the inner frames that catch.
    pub record: *const (),
    /// The thread's stack, from its lowest address to its end. The cut reads nothing outside.
    pub stack: Range<usize>,
    /// Finds the tables of the frames: [`Registered`](crate::tables::Registered), or a finder of the caller's own.
    pub finder: &'a dyn Finder,
    /// How the thread raises once it has become the callee of the boundary's frame.
    pub raise: Raise,
}

/// The direction, alignment-check and nested-task flags. None of them may be set in compiled code.
const CLEARED_FLAGS: u64 = 1 << 10 | 1 << 18 | 1 << 14;

/// Rewrites the registers of an interrupted thread, so that the thread continues as a callee of the boundary's frame,
/// and raises there.
///
/// Allocates nothing, takes no lock and does bounded work. Reads the stack only inside `cut.stack`, and writes only
/// `registers`. Uses about 2 KiB of stack.
///
/// # Errors
/// See [`CutError`]. After an error, `registers` are unchanged.
///
/// # Safety
/// * `registers` are those of a thread that does not run meanwhile. It was stopped in compiled code, or by a fault of
///   such code, and will be resumed with the registers as they are after this call.
/// * `cut.stack` is that thread's stack. It is mapped and readable, and the 128 bytes below its stack pointer are as
///   the thread left them.
/// * `cut.finder` returns the rules and landing pads of that code's tables.
/// * Nothing relies on a destructor in the discarded frames, and nothing else refers to those frames.
pub unsafe fn cut(registers: &mut Registers, cut: &Cut<'_>) -> Result<(), CutError> {
    // SAFETY: upheld by the caller.
    let frames = || unsafe { Frames::new(registers, cut.stack.clone(), cut.finder) };
    let mut landing = Landing::default();
    // In optimised code `catch` was inlined into the record's own frame, so that frame is tried first.
    let found = find(frames(), cut, Choice::Record, &mut landing)?
        || find(frames(), cut, Choice::Outermost, &mut landing)?;
    if !found {
        return Err(CutError::AtBoundary);
    }
    // SAFETY: upheld by the caller.
    unsafe { land(registers, &landing, cut) }
}

/// The frame in which the thread lands.
#[derive(Default)]
struct Landing {
    /// The frame's call-preserved registers, with the values that they have when its callee returns.
    frame: Registers,
    /// The address of the landing pad that catches.
    pad: usize,
}

/// Which catching frame is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// The frame that contains the record.
    Record,
    /// The outermost frame from the interrupted one to the record's.
    Outermost,
}

/// Steps outwards to the frame with the record, and stores the frame to land in at `landing`. Returns false if no frame
/// catches.
fn find(
    mut frames: Frames<'_>,
    cut: &Cut<'_>,
    choice: Choice,
    landing: &mut Landing,
) -> Result<bool, CutError> {
    let record = cut.record.addr() as u64;
    if record < frames.registers().rsp {
        return Err(CutError::AtBoundary);
    }
    let mut found = false;
    let remembers = cut.finder.is_registered();
    // Returns whether this frame ends the search: it is the record's, or the outermost.
    let mut visit = |frames: &mut Frames<'_>, depth, rules: &Rules, pad: Option<LandingPad>| {
        let pc = frames.pc();
        let at = |why| blocked(pc, why);
        // A frame extends up to the address where its caller's frame begins.
        let end = rules.base(frames.registers()).map_err(at)?;
        if end <= frames.registers().rsp || end > cut.stack.end as u64 {
            return Err(at(TableError::OutOfStack));
        }
        let is_last = record < end;
        // The interrupted frame itself is not in a call.
        if depth > 0 && (is_last || choice == Choice::Outermost) {
            let pad = pad.map_or_else(|| cut.finder.landing_pad(pc), Ok);
            if let LandingPad::Catch(pad) = pad.map_err(at)? {
                landing.frame.go_on_as(frames.registers());
                landing.pad = pad;
                found = true;
            }
        }
        Ok(is_last || frames.step(rules).map_err(at)? == Step::End)
    };
    // A frame holds at least its return address, so the stack has room for this many frames. The bound is not lower,
    // because a domain can make its frames as small as it likes.
    for depth in 0..cut.stack.len() / size_of::<u64>() + 1 {
        let pc = frames.pc();
        let remembered = remembers.then(|| Registered::remembered(pc)).flatten();
        // `visit` is called in both arms, so that remembered rules stay in registers.
        let is_all = match remembered {
            Some((rules, pad)) => visit(&mut frames, depth, &rules, pad),
            None => {
                let rules = frames.rules().map_err(|why| blocked(pc, why))?;
                visit(&mut frames, depth, &rules, None)
            }
        }?;
        if is_all {
            return Ok(found);
        }
    }
    Err(CutError::TooDeep)
}

/// Continues with `registers`, which [`cut()`] has rewritten. A thread that cuts itself ends with this.
///
/// # Safety
/// `registers` began as [`Registers::here`] in a call of the running thread that is still active, and
/// were rewritten by a [`cut()`] that succeeded.
pub unsafe fn resume(registers: &Registers) -> ! {
    // SAFETY: upheld by the caller.
    unsafe { load(registers) }
}

/// Loads the preserved registers, r10, r11 and the stack pointer, and jumps to `rip`.
///
/// # Safety
/// As [`resume`].
#[unsafe(naked)]
unsafe extern "C" fn load(registers: *const Registers) -> ! {
    naked_asm!(
        ".cfi_startproc",
        // For the unwind tables, this frame becomes the loaded frame at a single instruction, which loads rsp.
        "mov rax, [rdi + {rip}]",
        "mov rcx, [rdi + {rbx}]",
        "mov rdx, [rdi + {rbp}]",
        "mov rsi, [rdi + {r12}]",
        "mov r8, [rdi + {r13}]",
        "mov r9, [rdi + {r14}]",
        // There is no free register left for one of the values.
        "push r15",
        ".cfi_adjust_cfa_offset 8",
        ".cfi_rel_offset r15, 0",
        "mov r15, [rdi + {r15}]",
        "mov r10, [rdi + {r10}]",
        "mov r11, [rdi + {r11}]",
        "mov rsp, [rdi + {rsp}]",
        ".cfi_def_cfa rsp, 0",
        ".cfi_register rip, rax",
        ".cfi_same_value r15",
        "mov rbx, rcx",
        "mov rbp, rdx",
        "mov r12, rsi",
        "mov r13, r8",
        "mov r14, r9",
        "jmp rax",
        ".cfi_endproc",
        rbx = const offset_of!(Registers, rbx),
        rbp = const offset_of!(Registers, rbp),
        r10 = const offset_of!(Registers, r10),
        r11 = const offset_of!(Registers, r11),
        r12 = const offset_of!(Registers, r12),
        r13 = const offset_of!(Registers, r13),
        r14 = const offset_of!(Registers, r14),
        r15 = const offset_of!(Registers, r15),
        rip = const offset_of!(Registers, rip),
        rsp = const offset_of!(Registers, rsp),
    )
}

/// Undoes a call to an address that has no code, for a fault of the instruction fetch: makes `registers` those of the
/// call instruction, so that the frame of the caller is the innermost. Returns false, and changes nothing, if the stack
/// pointer is unaligned or outside `stack`, or the return address there is zero.
///
/// # Safety
/// `stack` is mapped and readable, and no other thread writes there.
pub unsafe fn undo_call(registers: &mut Registers, stack: Range<usize>) -> bool {
    // SAFETY: upheld by the caller.
    let stack = unsafe { Stack::new(stack) };
    match stack.word(registers.rsp) {
        Some(return_address) if return_address != 0 => {
            // An address inside the call instruction, as for any interrupted instruction.
            registers.rip = return_address - 1;
            registers.rsp = registers.rsp.wrapping_add(8);
            true
        }
        _ => false,
    }
}

/// Makes the thread continue as a callee of the frame to land in.
///
/// # Safety
/// As [`cut`].
unsafe fn land(
    registers: &mut Registers,
    landing: &Landing,
    cut: &Cut<'_>,
) -> Result<(), CutError> {
    let frame = &landing.frame;
    // SAFETY: upheld by the caller.
    let stack = unsafe { Stack::new(cut.stack.clone()) };
    // The call has pushed the return address just below the frame, where it still is.
    let return_address = frame.rsp.wrapping_sub(8);
    if stack.word(return_address) != Some(frame.rip) {
        return Err(blocked(frame.rip as usize, TableError::OutOfStack));
    }
    registers.go_on_as(frame);
    registers.rflags &= !CLEARED_FLAGS;
    registers.rsp = return_address;
    registers.rip = cut.raise.entry() as u64;
    registers.r10 = landing.pad as u64;
    registers.r11 = cut.raise.hook() as u64;
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
