//! The main stack and the trap stacks. Below each stack lies a guard page that is never mapped, so that a stack
//! overflow faults instead of corrupting memory.

use core::cell::UnsafeCell;
use core::ops::Range;

const PAGE: usize = 4096;

/// Bytes of a trap stack. A trap handler may print, and walk the stack that it has interrupted.
const TRAP_SIZE: usize = 32 * 1024;

/// Bytes of the main stack. Unwinding a panic takes about 16 KiB below the frames of the code that panicked; the rest
/// is for those frames.
const MAIN_SIZE: usize = 256 * 1024;

/// Bytes at the low end of the main stack that become its reserve. The setup of threads closes the reserve. It is
/// opened when trusted code has no room left.
const MAIN_RESERVE: usize = 32 * 1024;

/// A stack of `SIZE` bytes and, below it, its guard page.
#[repr(C, align(4096))]
pub(crate) struct Stack<const SIZE: usize> {
    guard: UnsafeCell<[u8; PAGE]>,
    bytes: UnsafeCell<[u8; SIZE]>,
}

// SAFETY: no Rust code reads or writes the bytes through this type. Only the CPU that runs on the stack uses them.
unsafe impl<const SIZE: usize> Sync for Stack<SIZE> {}

impl<const SIZE: usize> Stack<SIZE> {
    const fn new() -> Self {
        Self {
            guard: UnsafeCell::new([0; PAGE]),
            bytes: UnsafeCell::new([0; SIZE]),
        }
    }

    /// Returns the address of the guard page, which must stay unmapped.
    fn guard(&self) -> u64 {
        self.guard.get().addr() as u64
    }

    /// Returns the lowest address and the end of the stack, without the guard page.
    pub(crate) fn bounds(&self) -> Range<usize> {
        let start = self.bytes.get().addr();
        start..start + SIZE
    }

    /// Returns the initial stack pointer: the end of the stack.
    pub(crate) fn top(&self) -> u64 {
        self.bytes.get().addr() as u64 + SIZE as u64
    }
}

/// The type of [`MAIN`]. The entry code needs its size.
pub(crate) type MainStack = Stack<MAIN_SIZE>;

/// The stack that the kernel boots and runs on.
#[unsafe(link_section = ".bss.stacks")]
pub(crate) static MAIN: MainStack = Stack::new();

/// Returns the pages of the reserve of [`MAIN`].
pub(crate) fn main_reserve() -> Range<u64> {
    let start = MAIN.bounds().start;
    start as u64..(start + MAIN_RESERVE) as u64
}

/// The stacks that traps run on: one for each kind of trap that can interrupt another kind.
#[unsafe(link_section = ".bss.stacks")]
pub(crate) static TRAPS: [Stack<TRAP_SIZE>; TRAP_STACKS] = [const { Stack::new() }; TRAP_STACKS];

/// The number of [`TRAPS`].
pub(crate) const TRAP_STACKS: usize = 6;

/// Whether `address` lies where an overflow of one of these stacks faults: in a guard page, or in the main stack's
/// reserve.
pub(crate) fn is_guard(address: u64) -> bool {
    guards().contains(&(address & !(PAGE as u64 - 1))) || main_reserve().contains(&address)
}

/// Returns the guard pages, one below each stack, which must stay unmapped.
pub(crate) fn guards() -> [u64; 1 + TRAP_STACKS] {
    let mut guards = [MAIN.guard(); 1 + TRAP_STACKS];
    for (guard, stack) in guards.iter_mut().skip(1).zip(&TRAPS) {
        *guard = stack.guard();
    }
    guards
}
