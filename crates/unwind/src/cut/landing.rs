//! The way from a trap frame to the boundary.

use super::stack::Stack;
use super::{CutBlock, CutError, Registers};
use crate::frames::{Frames, Step};
use crate::tables::{Finder, TableError};
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
    /// What the boundary's frame sees its callee do: raise. Runs on the thread, on the boundary's
    /// stack, with the FPU's control words at their defaults, and gets the stack pointer of the
    /// boundary: what lies below was given up. It ends in [`raise`], which also does alone.
    pub raise: extern "C-unwind" fn(usize) -> !,
}

/// The plainest [`Cut::raise`]: raises, after what panics the frames that were given up had in flight
/// is forgotten.
pub extern "C-unwind" fn raise(boundary: usize) -> ! {
    crate::backend::raise_cut(boundary)
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
/// * Nothing relies on a destructor in the frames that are given up, and nobody else refers to them.
pub unsafe fn cut(registers: &mut Registers, cut: &Cut<'_>) -> Result<(), CutError> {
    // SAFETY: the caller's.
    let frames = || unsafe { Frames::new(registers, cut.stack.clone(), cut.finder) };
    let mut landing = Registers::default();
    // In optimised code `catch` was expanded in the record's own frame.
    let found = find(frames(), cut, Choice::Record, &mut landing)?
        || find(frames(), cut, Choice::Outermost, &mut landing)?;
    if !found {
        return Err(CutError::AtBoundary);
    }
    // SAFETY: handed on.
    unsafe { land(registers, &landing, cut) }
}

/// Which of the frames that catch is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// The one that holds the record.
    Record,
    /// The outermost one that the record's frame has called.
    Outermost,
}

/// Steps outwards to the frame with the record. Makes `landing` the registers that a call preserves of the
/// frame that is landed in, as its callee would have returned to it; false if there is no such frame.
fn find(
    mut frames: Frames<'_>,
    cut: &Cut<'_>,
    choice: Choice,
    landing: &mut Registers,
) -> Result<bool, CutError> {
    let record = cut.record.addr() as u64;
    if record < frames.registers().rsp {
        return Err(CutError::AtBoundary);
    }
    let mut found = false;
    // Each frame holds its return address at least. So many are gone through, and no fewer: a domain makes
    // frames as small as it likes.
    for depth in 0..cut.stack.len() / size_of::<u64>() + 1 {
        let pc = frames.pc();
        let at = |why| blocked(pc, why);
        let rules = frames.rules().map_err(at)?;
        // A frame reaches up to where its caller's begins.
        let end = rules.base(frames.registers()).map_err(at)?;
        if end <= frames.registers().rsp || end > cut.stack.end as u64 {
            return Err(at(TableError::OutOfStack));
        }
        let is_last = record < end;
        // The interrupted frame itself calls nobody.
        let may_catch = depth > 0 && (is_last || choice == Choice::Outermost);
        if may_catch && cut.finder.catches(pc).map_err(at)? {
            landing.go_on_as(frames.registers());
            found = true;
        }
        if is_last || frames.step(&rules).map_err(at)? == Step::End {
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
        "mov r10, [rdi + {r15}]",
        "mov r11, [rdi + {r11}]",
        "mov rsp, [rdi + {rsp}]",
        ".cfi_def_cfa rsp, 0",
        ".cfi_register rip, rax",
        "mov rbx, rcx",
        "mov rbp, rdx",
        "mov r12, rsi",
        "mov r13, r8",
        "mov r14, r9",
        "mov r15, r10",
        "jmp rax",
        ".cfi_endproc",
        rbx = const offset_of!(Registers, rbx),
        rbp = const offset_of!(Registers, rbp),
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

/// Goes on in `frame`, whose registers are as its callee would have returned.
///
/// # Safety
/// As [`cut`].
unsafe fn land(
    registers: &mut Registers,
    frame: &Registers,
    cut: &Cut<'_>,
) -> Result<(), CutError> {
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

/// Entered as if the boundary had called it, with what raises in r11, which it becomes: a frame less to
/// unwind.
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
        "add rsp, 8",
        ".cfi_def_cfa_offset 8",
        "lea rdi, [rsp + 8]",
        "jmp r11",
        ".cfi_endproc",
    )
}
