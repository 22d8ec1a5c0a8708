//! A value for a rare way, at an address of its own.

use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr;

/// `value`, at another address. The compiler keeps a value in memory on every way if any way takes its address,
/// be it only to drop it while unwinding: such a way takes the address of this copy, and the way that
/// everybody takes moves the value in registers.
#[inline(always)]
pub fn slow_path_copy<T>(value: T) -> T {
    let value = ManuallyDrop::new(value);
    let mut copy = MaybeUninit::uninit();
    // Not `ptr::read`, which the compiler takes for a move and passes the first address on.
    // SAFETY: from one value to room for another.
    unsafe { ptr::copy_nonoverlapping(&raw const *value, copy.as_mut_ptr(), 1) };
    // SAFETY: just written; the first is not dropped.
    unsafe { copy.assume_init() }
}
