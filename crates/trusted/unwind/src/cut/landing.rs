//! The way from a trap frame to the boundary.

use super::stack::Stack;
use super::{CutBlock, CutError, Raise, Registers};
use crate::frames::{Frames, Step};
use crate::tables::{Finder, LandingPad, Registered, Rules, TableError};
use core::arch::naked_asm;
use core::mem::offset_of;
use core::ops::Range;

/// What is cut, and to where.
#[derive(Clone)]
pub struct Cut<'a> {
    /// A record on the stack outside the boundary: what is landed in is the outermost frame, among the
    /// one whose stretch of stack holds this address and those above it, that catches what the call in
    /// it raises. In optimised code that is the record's own frame, in which `catch` was expanded.
    pub record: *const (),
    /// The thread's stack, lowest and end address: what may be read. At most this is.
    pub stack: Range<usize>,
    /// Finds the frames' tables: [`Registered`](crate::tables::Registered), or one's own.
    pub finder: &'a dyn Finder,
    /// What the boundary's frame sees its callee do.
    pub raise: Raise,
}

/// Direction, trap-on-misalignment and nested-task flags: none may be set in compiled code.
const CLEARED_FLAGS: u64 = 1 << 10 | 1 << 18 | 1 << 14;

/// Rewrites `registers`, those of an interrupted thread, so that it goes on in the frame that holds
/// `cut.record`, whose callee then raises.
///
/// No allocation, no lock, bounded work; reads the stack only inside `cut.stack`, and writes nothing
/// but `registers`. Uses about 2 KiB of stack.
///
/// # Errors
/// See [`CutError`]; then `registers` are as they were.
///
/// # Safety
/// * `registers` are those of a thread that does not run meanwhile, stopped in compiled code or by a
///   fault of it, and will be loaded as they are then.
/// * `cut.stack` is that thread's stack, mapped and readable, and the 128 bytes below its stack
///   pointer are as it left them.
/// * `cut.finder` says what the tables of that code do.
/// * Nothing relies on a destructor in the frames that are given up, and nobody else refers to them.
pub unsafe fn cut(registers: &mut Registers, cut: &Cut<'_>) -> Result<(), CutError> {
    // SAFETY: the caller's.
    let frames = || unsafe { Frames::new(registers, cut.stack.clone(), cut.finder) };
    let mut landing = Landing::default();
    // In optimised code `catch` was expanded in the record's own frame.
    let found = find(frames(), cut, Choice::Record, &mut landing)?
        || find(frames(), cut, Choice::Outermost, &mut landing)?;
    if !found {
        return Err(CutError::AtBoundary);
    }
    // SAFETY: handed on.
    unsafe { land(registers, &landing, cut) }
}

/// What is landed in.
#[derive(Default)]
struct Landing {
    /// Those of the frame that a call preserves, as its callee would have returned to it.
    frame: Registers,
    /// Where it catches.
    pad: usize,
}

/// Which of the frames that catch is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// The one that holds the record.
    Record,
    /// The outermost one that the record's frame has called.
    Outermost,
}

/// Steps outwards to the frame with the record. Makes `landing` that which is landed in; false if there is
/// none.
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
    // Whether that was all: the record's frame, or the outermost.
    let mut visit = |frames: &mut Frames<'_>, depth, rules: &Rules, pad: Option<LandingPad>| {
        let pc = frames.pc();
        let at = |why| blocked(pc, why);
        // A frame reaches up to where its caller's begins.
        let end = rules.base(frames.registers()).map_err(at)?;
        if end <= frames.registers().rsp || end > cut.stack.end as u64 {
            return Err(at(TableError::OutOfStack));
        }
        let is_last = record < end;
        // The interrupted frame itself calls nobody.
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
    // Each frame holds its return address at least. So many are gone through, and no fewer: a domain makes
    // frames as small as it likes.
    for depth in 0..cut.stack.len() / size_of::<u64>() + 1 {
        let pc = frames.pc();
        let remembered = remembers.then(|| Registered::remembered(pc)).flatten();
        // Apart, so that what is remembered stays in registers.
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

/// Goes on with `registers`, which [`cut()`] has rewritten: how a thread cuts itself.
///
/// # Safety
/// `registers` began as [`Registers::here`] in a call of the running thread that is still active, and
/// were rewritten by a [`cut()`] that succeeded.
pub unsafe fn resume(registers: &Registers) -> ! {
    // SAFETY: the caller's.
    unsafe { load(registers) }
}

/// # Safety
/// As [`resume`].
#[unsafe(naked)]
unsafe extern "C" fn load(registers: *const Registers) -> ! {
    naked_asm!(
        ".cfi_startproc",
        // The frame changes with the stack pointer, at one instruction.
        "mov rax, [rdi + {rip}]",
        "mov rcx, [rdi + {rbx}]",
        "mov rdx, [rdi + {rbp}]",
        "mov rsi, [rdi + {r12}]",
        "mov r8, [rdi + {r13}]",
        "mov r9, [rdi + {r14}]",
        // One more than there are registers free.
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

/// After a jump to where there is no code: makes `registers` those of the call that led there, so that
/// its frame is the innermost. For a fault of fetching the instruction itself. False, and nothing is
/// changed, if the stack pointer is outside `stack`.
///
/// # Safety
/// `stack` is mapped and readable, and no other thread writes there.
pub unsafe fn undo_call(registers: &mut Registers, stack: Range<usize>) -> bool {
    // SAFETY: handed on.
    let stack = unsafe { Stack::new(stack) };
    match stack.word(registers.rsp) {
        Some(behind) if behind != 0 => {
            // Inside the call's instruction, as for any interrupted one.
            registers.rip = behind - 1;
            registers.rsp = registers.rsp.wrapping_add(8);
            true
        }
        _ => false,
    }
}

/// Has the thread go on as the callee of what is landed in.
///
/// # Safety
/// As [`cut`].
unsafe fn land(
    registers: &mut Registers,
    landing: &Landing,
    cut: &Cut<'_>,
) -> Result<(), CutError> {
    let frame = &landing.frame;
    // SAFETY: the caller's.
    let stack = unsafe { Stack::new(cut.stack.clone()) };
    // The call has left the return address just below, where it still stands.
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
