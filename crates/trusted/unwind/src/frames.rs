//! A thread's frames, one after the other, by the unwind tables.

use crate::cut::Registers;
use crate::cut::stack::Stack;
use crate::tables::{Finder, Rules, TableError};
use core::arch::naked_asm;
use core::iter::FusedIterator;
use core::ops::Range;

/// Where a step led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// To the frame's caller.
    Caller,
    /// The frame was the outermost.
    End,
}

/// Goes from frame to frame, inwards to outwards.
#[derive(Clone)]
pub(crate) struct Frames<'a> {
    registers: Registers,
    /// Whether `rip` is the instruction behind a call, rather than one not yet executed.
    behind_call: bool,
    stack: Stack,
    finder: &'a dyn Finder,
}

impl<'a> Frames<'a> {
    /// Begins at an interrupted instruction.
    ///
    /// # Safety
    /// `stack` is mapped and readable while this lives, and no other thread writes there.
    pub(crate) unsafe fn new(
        registers: &Registers,
        stack: Range<usize>,
        finder: &'a dyn Finder,
    ) -> Self {
        Self {
            registers: *registers,
            behind_call: false,
            // SAFETY: handed on.
            stack: unsafe { Stack::new(stack) },
            finder,
        }
    }

    /// Begins at a frame of the running thread that has made a call, with no bound but the tables
    /// for what is read of its stack.
    ///
    /// # Safety
    /// Those of `registers` that a call preserves are as that call will find them when it returns, and it is
    /// active while this lives.
    #[cfg(feature = "dwarf")]
    pub(crate) unsafe fn of_callers(registers: &Registers) -> Self {
        // Whose tables were registered runs here with the same rights: they are trusted as its code is.
        let stack = registers.rsp as usize..usize::MAX;
        let mut preserved = Registers::default();
        preserved.go_on_as(registers);
        Self {
            registers: preserved,
            behind_call: true,
            // SAFETY: what is asked for are words of the frames of those who called, who wait for this: the
            // tables of their code, whose registration vouches for them, lead nowhere else.
            stack: unsafe { Stack::new(stack) },
            finder: &crate::tables::Registered,
        }
    }

    /// Those of the frame, as they are when it goes on.
    pub(crate) const fn registers(&self) -> &Registers {
        &self.registers
    }

    /// An address inside the frame's active instruction.
    pub(crate) const fn pc(&self) -> usize {
        (self.registers.rip as usize).wrapping_sub(self.behind_call as usize)
    }

    /// How to go on from here.
    pub(crate) fn rules(&self) -> Result<Rules, TableError> {
        self.finder.rules(self.pc())
    }

    /// Goes on to the caller, by the [`rules`](Self::rules) here. Each is further up the stack than the one
    /// before, so this ends. After an error the registers are nobody's.
    #[inline]
    pub(crate) fn step(&mut self, rules: &Rules) -> Result<Step, TableError> {
        let callee = self.registers.rsp;
        if !rules.apply(&mut self.registers, &self.stack)? {
            return Ok(Step::End);
        }
        if self.registers.rsp <= callee || self.registers.rsp > self.stack.end() {
            return Err(TableError::OutOfStack);
        }
        self.behind_call = !rules.caller_was_interrupted();
        Ok(Step::Caller)
    }
}

/// One active call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// An address inside the instruction that is executed, or calls the frame before.
    pub pc: usize,
    /// The lowest address of its stretch of stack, which ends where the next frame's begins: by it a
    /// host tells between which activations the frame stands.
    pub stack_pointer: usize,
}

/// The active calls at some instruction, innermost first: from a trap frame or, with
/// [`Registers::here`], from where a panic handler stands.
///
/// Ends with the outermost frame, or where the tables end. Neither allocates nor locks nor faults.
#[derive(Clone)]
pub struct Backtrace<'a>(Option<Frames<'a>>);

impl<'a> Backtrace<'a> {
    /// Begins at the instruction that `registers` belong to.
    ///
    /// # Safety
    /// `stack` is the thread's stack, or what of it may be read: mapped while this lives, and no
    /// other thread writes there.
    #[must_use]
    pub unsafe fn new(registers: &Registers, stack: Range<usize>, finder: &'a dyn Finder) -> Self {
        // SAFETY: handed on.
        Self(Some(unsafe { Frames::new(registers, stack, finder) }))
    }
}

#[cfg(feature = "dwarf")]
impl<'a> Backtrace<'a> {
    /// From where `frames` are.
    pub(crate) const fn of(frames: Frames<'a>) -> Self {
        Self(Some(frames))
    }
}

impl Iterator for Backtrace<'_> {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let frames = self.0.as_mut()?;
        let frame = Frame {
            pc: frames.pc(),
            stack_pointer: frames.registers().rsp as usize,
        };
        let step = frames.rules().and_then(|rules| frames.step(&rules));
        if step != Ok(Step::Caller) {
            self.0 = None;
        }
        Some(frame)
    }
}

impl FusedIterator for Backtrace<'_> {}

impl Registers {
    /// The registers here, those aside that a call does not preserve: where a backtrace of the
    /// running thread begins. Good until the calling function returns.
    #[must_use]
    // Always: it is the caller's frame that must still be there afterwards.
    #[inline(always)]
    pub fn here() -> Self {
        let mut registers = Self::default();
        // SAFETY: stores the registers that a function preserves, and those that say where it
        // returns to, into the structure behind the pointer.
        unsafe { store(&raw mut registers) };
        registers
    }
}

/// Stores the caller's registers at `to`: as they are when this returns.
#[unsafe(naked)]
unsafe extern "C" fn store(to: *mut Registers) {
    naked_asm!(
        ".cfi_startproc",
        "mov [rdi + 24], rbx",
        "mov [rdi + 48], rbp",
        "lea rax, [rsp + 8]",
        "mov [rdi + 56], rax",
        "mov [rdi + 96], r12",
        "mov [rdi + 104], r13",
        "mov [rdi + 112], r14",
        "mov [rdi + 120], r15",
        "mov rax, [rsp]",
        "mov [rdi + 128], rax",
        "ret",
        ".cfi_endproc",
    )
}
