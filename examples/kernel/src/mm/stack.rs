//! Stacks, each above a guard page that is never mapped: running over one faults instead of
//! corrupting.

use core::cell::UnsafeCell;
use core::ops::Range;

const PAGE: usize = 4096;

/// What a trap handler may use: it prints, and walks the stack it interrupted.
const TRAP_SIZE: usize = 32 * 1024;

/// Unwinding a panic takes about 16 KiB on top of what panicked; the rest is for the code.
const MAIN_SIZE: usize = 256 * 1024;

/// Of that, what is closed once threads are set up, and opened for trusted code that has no room left.
const MAIN_RESERVE: usize = 32 * 1024;

/// A stack of `SIZE` bytes and, below it, its guard.
#[repr(C, align(4096))]
pub(crate) struct Stack<const SIZE: usize> {
    guard: UnsafeCell<[u8; PAGE]>,
    bytes: UnsafeCell<[u8; SIZE]>,
}

// SAFETY: no Rust code reads or writes the bytes through this type; only the processor that runs on
// the stack does.
unsafe impl<const SIZE: usize> Sync for Stack<SIZE> {}

impl<const SIZE: usize> Stack<SIZE> {
    const fn new() -> Self {
        Self {
            guard: UnsafeCell::new([0; PAGE]),
            bytes: UnsafeCell::new([0; SIZE]),
        }
    }

    /// The page that must stay unmapped.
    fn guard(&self) -> u64 {
        self.guard.get().addr() as u64
    }

    /// Lowest address and end, the guard apart.
    pub(crate) fn bounds(&self) -> Range<usize> {
        let start = self.bytes.get().addr();
        start..start + SIZE
    }

    /// The address that a processor starting on this stack begins below.
    pub(crate) fn top(&self) -> u64 {
        self.bytes.get().addr() as u64 + SIZE as u64
    }
}

/// The type of [`MAIN`], whose size the entry code needs.
pub(crate) type MainStack = Stack<MAIN_SIZE>;

/// The stack that the kernel boots and runs on.
#[unsafe(link_section = ".bss.stacks")]
pub(crate) static MAIN: MainStack = Stack::new();

/// The pages of [`MAIN`]'s reserve.
pub(crate) fn main_reserve() -> Range<u64> {
    let start = MAIN.bounds().start;
    start as u64..(start + MAIN_RESERVE) as u64
}

/// Stacks that traps run on, one for each kind that can interrupt another.
#[unsafe(link_section = ".bss.stacks")]
pub(crate) static TRAPS: [Stack<TRAP_SIZE>; TRAP_STACKS] = [const { Stack::new() }; TRAP_STACKS];

/// Number of [`TRAPS`].
pub(crate) const TRAP_STACKS: usize = 6;

/// Whether `address` is where one of these stacks faults when it runs over.
pub(crate) fn is_guard(address: u64) -> bool {
    guards().contains(&(address & !(PAGE as u64 - 1))) || main_reserve().contains(&address)
}

/// The pages that must stay unmapped: one below each stack.
pub(crate) fn guards() -> [u64; 1 + TRAP_STACKS] {
    let mut guards = [MAIN.guard(); 1 + TRAP_STACKS];
    for (guard, stack) in guards.iter_mut().skip(1).zip(&TRAPS) {
        *guard = stack.guard();
    }
    guards
}
