//! What marks an activation that a panic leaves.

use super::activation::innermost;
use samara_shared_heap::thread;

/// Dropped by a panic that leaves the boundary's body, whose frames are gone by then: marks the activation on top. What
/// follows is a call of `std`'s in the boundary's own frame, behind its `catch`: a cut in there would land in one that a caller
/// has put around it.
pub(super) struct Unwound;

impl Drop for Unwound {
    #[inline(always)]
    fn drop(&mut self) {
        uncut();
    }
}

extern "C" fn mark() {
    if let Some(activation) = innermost(thread::current()) {
        activation.unwind();
    }
}

/// Calls [`mark`] from a frame that is the outermost one by its unwind table: no cut goes further. The call of this function
/// lies behind the boundary's `catch` too. No panic leaves it, so the compiler need not say what the boundary's frame catches
/// there: where both neighbours in the table of calls are inside a caller's `catch`, it counts this one with them.
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
#[unsafe(naked)]
extern "C" fn uncut() {
    core::arch::naked_asm!(
        ".cfi_startproc",
        ".cfi_undefined rip",
        "sub rsp, 8",
        ".cfi_adjust_cfa_offset 8",
        "call {}",
        "add rsp, 8",
        ".cfi_adjust_cfa_offset -8",
        "ret",
        ".cfi_endproc",
        sym mark
    )
}

/// Not expanded in place, where it would take registers of the way that does not panic.
#[cfg(not(all(feature = "contain", target_arch = "x86_64")))]
#[cold]
#[inline(never)]
fn uncut() {
    mark();
}

#[cfg(all(test, feature = "contain", target_arch = "x86_64"))]
mod tests {
    use super::{mark, uncut};
    use samara_unwind::Backtrace;
    use samara_unwind::cut::Registers;
    use samara_unwind::tables::Registered;

    #[test]
    fn no_cut_goes_further_than_the_frame_that_marks() {
        let _tables = samara_testkit::contained::contained(false);
        let frames_at = |function: extern "C" fn()| {
            // At its first instruction, where its return address is on top.
            let stack = [mark as *const () as u64 + 1, 0, 0];
            let range = stack.as_ptr_range();
            let mut registers = Registers::here();
            registers.rip = function as *const () as u64;
            registers.rsp = range.start as u64;
            let stack = range.start.addr()..range.end.addr();
            // SAFETY: the words above, which are nobody else's.
            unsafe { Backtrace::new(&registers, stack, &Registered) }.count()
        };
        assert_eq!(frames_at(uncut), 1);
        assert!(frames_at(mark) > 1, "by its table it has a caller");
    }
}
