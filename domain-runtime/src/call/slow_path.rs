//! Copies of values for slow paths.

use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr;

/// Copies `value` to a stack slot of its own, so that the fast path stays in registers. The compiler keeps a value in
/// memory on all paths if any path takes its address, be it only to drop it while unwinding. With this, a slow path
/// takes the address of the copy, and the fast path moves the value in registers.
#[inline(always)]
pub fn slow_path_copy<T>(value: T) -> T {
    let value = ManuallyDrop::new(value);
    let mut copy = MaybeUninit::uninit();
    // Not `ptr::read`: the compiler takes that for a move and passes on the first address.
    // SAFETY: copies one value of the type to fresh memory of the same type.
    unsafe { ptr::copy_nonoverlapping(&raw const *value, copy.as_mut_ptr(), 1) };
    // SAFETY: the copy has just been written, and the original is not dropped.
    unsafe { copy.assume_init() }
}
