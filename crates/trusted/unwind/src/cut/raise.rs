//! What a boundary sees its callee do once a cut has landed: raise.

use core::arch::naked_asm;
use core::ops::Range;

#[cfg(feature = "dwarf")]
use crate::dwarf::Landed as LandedByDwarf;

/// What a hook has raised: which only the backend makes, for the landing pad of the boundary.
#[cfg(all(feature = "dwarf", not(feature = "std")))]
pub use crate::backend::Landed;

/// What a hook would return: with this backend none does, for its raise begins in the hook.
#[cfg(not(all(feature = "dwarf", not(feature = "std"))))]
#[derive(Debug)]
pub enum Landed {}

/// What the boundary's callee does. Runs on the thread, on the boundary's stack, with the FPU's control
/// words at their defaults, and gets the stack pointer of the boundary: what lies below was given up.
/// It ends in [`raise`], which also does alone, or in [`raise_within`].
pub type Hook = extern "C-unwind" fn(usize) -> Landed;

/// A [`Hook`], and how a thread comes to it and on from there.
#[derive(Clone, Copy, Debug)]
pub struct Raise {
    entry: unsafe extern "C-unwind" fn() -> !,
    hook: *const (),
}

impl Raise {
    /// By the program's backend.
    #[must_use]
    pub const fn new(hook: Hook) -> Self {
        #[cfg(all(feature = "dwarf", not(feature = "std")))]
        return Self::by_dwarf(hook);
        #[cfg(not(all(feature = "dwarf", not(feature = "std"))))]
        Self {
            entry: before_raise,
            hook: hook as *const (),
        }
    }

    /// By the [`dwarf`](crate::dwarf) backend, for its boundaries also where `std` is on: the hook ends in
    /// [`dwarf::raise_cut`](crate::dwarf::raise_cut).
    #[cfg(feature = "dwarf")]
    #[must_use]
    pub const fn by_dwarf(hook: extern "C-unwind" fn(usize) -> LandedByDwarf) -> Self {
        Self {
            entry: before_pad,
            hook: hook as *const (),
        }
    }

    /// Where the thread goes on, with the hook in r11 and the boundary's landing pad in r10.
    pub(super) fn entry(&self) -> usize {
        self.entry as usize
    }

    pub(super) fn hook(&self) -> usize {
        self.hook.addr()
    }
}

/// The plainest [`Hook`]: raises, after what panics the frames that were given up had in flight
/// is forgotten. For threads that have one stack.
pub extern "C-unwind" fn raise(boundary: usize) -> Landed {
    raise_within(0..boundary)
}

/// As [`raise`], for a hook that knows the stack: `given_up` is all of it that is below the boundary. A panic
/// that began on another one stays in flight, for its frames are still there.
#[inline(always)] // a frame less to unwind
pub fn raise_within(given_up: Range<usize>) -> Landed {
    crate::backend::raise_cut_within(given_up)
}

/// The code that was cut may have left the x87 stack in use and any control word changed. The word at
/// the stack pointer is overwritten.
///
/// `fninit` takes some 30 ns. Where the x87 control word is as it should be, which masks all exceptions, it
/// is enough to empty the stack.
macro_rules! reset_fpu {
    () => {
        "fnstcw [rsp]
        cmp word ptr [rsp], 0x37f
        jne 2f
        emms
        jmp 3f
        2:
        fninit
        3:
        mov dword ptr [rsp], 0x1f80
        ldmxcsr [rsp]"
    };
}

/// Entered as if the boundary had called it, with what raises in r11, which it becomes: a frame less to
/// unwind.
#[cfg(not(all(feature = "dwarf", not(feature = "std"))))]
#[unsafe(naked)]
unsafe extern "C-unwind" fn before_raise() -> ! {
    naked_asm!(
        ".cfi_startproc",
        "sub rsp, 8",
        ".cfi_def_cfa_offset 16",
        reset_fpu!(),
        "add rsp, 8",
        ".cfi_def_cfa_offset 8",
        "lea rdi, [rsp + 8]",
        "jmp r11",
        ".cfi_endproc",
    )
}

/// The same, but goes on at the landing pad in r10 with what the hook returns: who catches is known, and
/// the registers that a call preserves are the boundary's all along.
#[cfg(feature = "dwarf")]
#[unsafe(naked)]
unsafe extern "C-unwind" fn before_pad() -> ! {
    naked_asm!(
        ".cfi_startproc",
        "sub rsp, 24",
        ".cfi_def_cfa_offset 32",
        "mov [rsp + 8], r10",
        reset_fpu!(),
        "lea rdi, [rsp + 32]",
        "call r11",
        "mov rcx, [rsp + 8]",
        // A landing pad gets the exception in rax, and in rdx a selector that Rust does not look at.
        "xor edx, edx",
        // Up to here the boundary's callee; from here on the boundary, about to go on.
        "lea rsp, [rsp + 32]",
        ".cfi_def_cfa rsp, 0",
        ".cfi_register rip, rcx",
        "jmp rcx",
        ".cfi_endproc",
    )
}
