//! Walking a thread's frames, one after the other, by the unwind tables.

use crate::cut::Registers;
use crate::cut::stack::Stack;
use crate::tables::{Finder, Rules, TableError};
use core::arch::naked_asm;
use core::iter::FusedIterator;
use core::ops::Range;

/// The result of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The walk has moved to the frame's caller.
    Caller,
    /// The frame was the outermost.
    End,
}

/// A walk from frame to frame, from the innermost outwards.
#[derive(Clone)]
pub(crate) struct Frames<'a> {
    registers: Registers,
    /// Whether `rip` is a return address, and not the address of an instruction that was interrupted before it
    /// executed.
    behind_call: bool,
    stack: Stack,
    finder: &'a dyn Finder,
}

impl<'a> Frames<'a> {
    /// Begins at an interrupted instruction.
    ///
    /// # Safety
    /// `stack` is mapped and readable while the walk lives, and no other thread writes there.
    pub(crate) unsafe fn new(
        registers: &Registers,
        stack: Range<usize>,
        finder: &'a dyn Finder,
    ) -> Self {
        Self {
            registers: *registers,
            behind_call: false,
            // SAFETY: upheld by the caller.
            stack: unsafe { Stack::new(stack) },
            finder,
        }
    }

    /// Begins at a frame of the running thread that has made a call. The reads of its stack have no upper bound; only
    /// the tables say how far they go.
    ///
    /// # Safety
    /// The registers that a call preserves are in `registers` with the values that the frame will find when the call
    /// returns. The call is active while the walk lives.
    #[cfg(feature = "dwarf")]
    pub(crate) unsafe fn of_callers(registers: &Registers) -> Self {
        // An image whose tables were registered runs with the same rights as this code, so its tables are trusted as
        // its code is.
        let stack = registers.rsp as usize..usize::MAX;
        let mut preserved = Registers::default();
        preserved.go_on_as(registers);
        Self {
            registers: preserved,
            behind_call: true,
            // SAFETY: the walk reads only words of its callers' frames, which stay until this returns.
            // `register_image` vouches that the tables of their code lead nowhere else (ORDER-45).
            stack: unsafe { Stack::new(stack) },
            finder: &crate::tables::Registered,
        }
    }

    /// Returns the registers of the frame, as they are when the frame continues.
    pub(crate) const fn registers(&self) -> &Registers {
        &self.registers
    }

    /// Returns an address inside the frame's active instruction.
    pub(crate) const fn pc(&self) -> usize {
        (self.registers.rip as usize).wrapping_sub(self.behind_call as usize)
    }

    /// Returns the rules that lead from this frame to its caller.
    pub(crate) fn rules(&self) -> Result<Rules, TableError> {
        self.finder.rules(self.pc())
    }

    /// Moves on to the caller, by the [`rules`](Self::rules) of this frame. Each frame lies at a higher address than
    /// the one before, so the walk ends. After an error the registers belong to no frame.
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

/// The frame of one active call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// An address inside the active instruction: the one that was interrupted, or the call of the frame before.
    pub pc: usize,
    /// The lowest address of the frame's part of the stack, which ends where the next frame's part begins. A host
    /// compares it with the addresses of activations, to find the activation to which the frame belongs.
    pub stack_pointer: usize,
}

/// The active calls at some instruction, innermost first. It begins at the registers of a trap frame or, in a panic
/// handler, at those of [`Registers::here`].
///
/// Ends with the outermost frame, or with the first one that has no usable table. Neither allocates, nor locks, nor
/// faults.
#[derive(Clone)]
pub struct Backtrace<'a>(Option<Frames<'a>>);

impl<'a> Backtrace<'a> {
    /// Begins at the instruction that `registers` belong to.
    ///
    /// # Safety
    /// `stack` is the readable part of the thread's stack. It is mapped while the backtrace lives, and no other thread
    /// writes there.
    #[must_use]
    pub unsafe fn new(registers: &Registers, stack: Range<usize>, finder: &'a dyn Finder) -> Self {
        // SAFETY: upheld by the caller.
        Self(Some(unsafe { Frames::new(registers, stack, finder) }))
    }
}

#[cfg(feature = "dwarf")]
impl<'a> Backtrace<'a> {
    /// Begins where `frames` are.
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
    /// Returns the current registers. Only the call-preserved registers, `rsp` and `rip` are set. A backtrace of the
    /// running thread begins with them. They are valid until the calling function returns.
    #[must_use]
    // Always inlined, because they must be those of the caller's frame, which outlives this call.
    #[inline(always)]
    pub fn here() -> Self {
        let mut registers = Self::default();
        // SAFETY: only stores the preserved registers, the stack pointer and the return address into the structure
        // behind the pointer.
        unsafe { store(&raw mut registers) };
        registers
    }
}

/// Stores the caller's registers at `to`, as they are when this function returns.
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
