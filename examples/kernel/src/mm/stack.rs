//! Stacks, each above a guard page that is never mapped: running over one faults instead of corrupting.

use core::cell::UnsafeCell;

const PAGE: usize = 4096;

/// Unwinding a panic takes about 16 KiB on top of what panicked; the rest is for the code.
const MAIN_SIZE: usize = 256 * 1024;

/// A stack of `SIZE` bytes and, below it, its guard.
#[repr(C, align(4096))]
pub(crate) struct Stack<const SIZE: usize> {
    guard: [u8; PAGE],
    bytes: UnsafeCell<[u8; SIZE]>,
}

// SAFETY: no Rust code reads or writes the bytes through this type; the processor that runs on the stack does.
unsafe impl<const SIZE: usize> Sync for Stack<SIZE> {}

impl<const SIZE: usize> Stack<SIZE> {
    const fn new() -> Self {
        Self {
            guard: [0; PAGE],
            bytes: UnsafeCell::new([0; SIZE]),
        }
    }
}

/// The type of [`MAIN`], whose size the entry code needs.
pub(crate) type MainStack = Stack<MAIN_SIZE>;

/// The stack that the kernel boots and runs on.
#[unsafe(link_section = ".bss.stacks")]
pub(crate) static MAIN: MainStack = Stack::new();
