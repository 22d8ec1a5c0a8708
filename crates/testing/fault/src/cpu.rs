//! Raises CPU exceptions on x86_64. A domain cannot raise most of them itself, because it is safe code.
#![expect(unsafe_code, reason = "its purpose is to raise faults")]

use core::arch::asm;
use core::hint::black_box;

/// A way to raise a CPU exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trap {
    /// Reads through a null pointer.
    ReadNull,
    /// Reads where nothing is mapped.
    ReadWild,
    /// Writes where nothing is mapped.
    WriteWild,
    /// Writes to read-only memory.
    WriteConstant,
    /// Reads at a non-canonical address.
    NonCanonical,
    /// Executes data.
    ExecuteData,
    /// Divides by zero.
    Divide,
    /// Executes an undefined instruction.
    Undefined,
    /// Executes a privileged instruction.
    Privileged,
    /// Recurses until the stack is used up.
    StackOverflow,
    /// Copies from a wild address, backwards, with the direction flag set.
    CopyBackwards,
}

impl Trap {
    /// All ways.
    pub const ALL: [Self; 11] = [
        Self::ReadNull,
        Self::ReadWild,
        Self::WriteWild,
        Self::WriteConstant,
        Self::NonCanonical,
        Self::ExecuteData,
        Self::Divide,
        Self::Undefined,
        Self::Privileged,
        Self::StackOverflow,
        Self::CopyBackwards,
    ];
}

/// An address at which no program of this repository maps anything.
const WILD: usize = 0x0000_5a5a_0000_0000;
const NON_CANONICAL: usize = 0x8000_0000_0000_0000;

/// Raises the exception. Returns only if the exception is not raised.
///
/// For tests only: the caller needs a handler that does not resume here.
pub fn strike(trap: Trap) {
    match trap {
        Trap::ReadNull => read(0),
        Trap::ReadWild => read(WILD),
        Trap::NonCanonical => read(NON_CANONICAL),
        Trap::WriteWild => write(WILD),
        Trap::WriteConstant => {
            static CONSTANT: u64 = 1;
            write((&raw const CONSTANT).addr());
        }
        Trap::ExecuteData => {
            static mut CODE: [u8; 16] = [0xc3; 16];
            let code = (&raw const CODE).addr();
            // SAFETY: not sound at all: data is not executable, and that is the purpose.
            unsafe { asm!("call {}", in(reg) code, clobber_abi("C")) };
        }
        Trap::Divide => {
            // SAFETY: raises the exception before any register changes.
            unsafe { asm!("div {0:e}", in(reg) 0_u32, inout("eax") 1 => _, inout("edx") 0 => _) };
        }
        // SAFETY: raises the exception.
        Trap::Undefined => unsafe { asm!("ud2") },
        // SAFETY: in user mode it raises the exception; in a kernel it halts the processor until the next interrupt.
        Trap::Privileged => unsafe { asm!("hlt") },
        Trap::StackOverflow => {
            black_box(dig(1));
        }
        Trap::CopyBackwards => {
            let mut to = [0_u64; 4];
            // SAFETY: raises the exception at its first read, while the flag is set.
            unsafe {
                asm!(
                    "std", "rep movsq", "cld",
                    inout("rsi") WILD => _, inout("rdi") to.as_mut_ptr() => _, inout("rcx") 1_usize => _,
                )
            };
        }
    }
}

fn read(address: usize) {
    let value: u64;
    // SAFETY: raises the exception instead of reading.
    unsafe { asm!("mov {}, [{}]", out(reg) value, in(reg) address) };
    black_box(value);
}

fn write(address: usize) {
    // SAFETY: raises the exception instead of writing.
    unsafe { asm!("mov qword ptr [{}], 1", in(reg) address) };
}

/// Calls itself without end. Each call uses its frame after the inner call returns, so the compiler cannot turn the
/// recursion into a loop.
#[expect(unconditional_recursion, reason = "its purpose")]
fn dig(depth: u64) -> u64 {
    let frame = black_box([depth; 32]);
    dig(depth.wrapping_add(1)).wrapping_add(black_box(frame)[0])
}
