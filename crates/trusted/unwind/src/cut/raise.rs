//! The code that runs once a cut has landed: the boundary's callee, which raises.

use core::arch::naked_asm;
use core::ops::Range;

#[cfg(feature = "dwarf")]
use crate::dwarf::Landed as LandedByDwarf;

/// The exception that a hook has raised. Only the backend makes one, for the landing pad of the boundary.
#[cfg(all(feature = "dwarf", not(feature = "std")))]
pub use crate::backend::Landed;

/// The result type of a hook. With this backend no hook returns, because the hook itself starts the unwinding.
#[cfg(not(all(feature = "dwarf", not(feature = "std"))))]
#[derive(Debug)]
pub enum Landed {}

/// A function that runs as the boundary's callee after a cut. It runs on the thread and on the boundary's stack, with
/// the FPU's control words at their defaults. Its argument is the stack pointer of the boundary; the stack below was
/// discarded. It ends in [`raise`], which is itself the simplest hook, or in [`raise_within`].
pub type Hook = extern "C-unwind" fn(usize) -> Landed;

/// A [`Hook`], and the code that enters it and continues after it.
#[derive(Clone, Copy, Debug)]
pub struct Raise {
    entry: unsafe extern "C-unwind" fn() -> !,
    hook: *const (),
}

impl Raise {
    /// Raises by the program's backend.
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

    /// Raises by the [`dwarf`](crate::dwarf) backend, for its own boundaries, even if `std` is on. The hook ends in
    /// [`dwarf::raise_cut`](crate::dwarf::raise_cut).
    #[cfg(feature = "dwarf")]
    #[must_use]
    pub const fn by_dwarf(hook: extern "C-unwind" fn(usize) -> LandedByDwarf) -> Self {
        Self {
            entry: before_pad,
            hook: hook as *const (),
        }
    }

    /// Returns the address at which the thread continues, with the hook in r11 and the boundary's landing pad in r10.
    pub(super) fn entry(&self) -> usize {
        self.entry as usize
    }

    pub(super) fn hook(&self) -> usize {
        self.hook.addr()
    }
}

/// The simplest [`Hook`]: forgets the panics that were in flight in the discarded frames, then raises. For threads that
/// have one stack.
pub extern "C-unwind" fn raise(boundary: usize) -> Landed {
    raise_within(0..boundary)
}

/// As [`raise`], for a hook that knows the stack: `given_up` is the part of it below the boundary. A panic that began
/// on another stack stays in flight, because its frames still exist.
#[inline(always)] // saves a frame to unwind
pub fn raise_within(given_up: Range<usize>) -> Landed {
    crate::backend::raise_cut_within(given_up)
}

/// Resets the FPU: the code that was cut may have left the x87 stack in use and any control word changed. Overwrites
/// the word at the stack pointer.
///
/// `fninit` takes some 30 ns. If the x87 control word has its default, which masks all exceptions, it is enough to
/// empty the stack.
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

/// The entry after a cut, as if the boundary had called it. It jumps to the hook in r11, and does not call it, which
/// saves a frame to unwind.
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

/// The entry after a cut to a boundary of the `dwarf` backend. It calls the hook in r11 and then continues at the
/// landing pad in r10 with the exception that the hook returns. That needs no walk: the catching frame is known, and
/// the preserved registers already have the boundary's values.
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
        // A landing pad gets the exception in rax, and in rdx a selector, which Rust does not read.
        "xor edx, edx",
        // Up to here this code is the boundary's callee. From here on it runs as the boundary itself, which is about
        // to continue.
        "lea rsp, [rsp + 32]",
        ".cfi_def_cfa rsp, 0",
        ".cfi_register rip, rcx",
        "jmp rcx",
        ".cfi_endproc",
    )
}
