//! The mark on an activation whose frames a panic has left.

use super::activation::innermost;
use samara_shared_heap::thread;

/// Marks the activation on top, when a panic that leaves the boundary's body drops this. The frames of the body are
/// gone by then. After that the boundary's own frame calls functions of `std`, outside the region that its `catch`
/// covers. A cut during those calls would land in a `catch` that a caller has put around the boundary, and the mark
/// prevents such a cut.
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

/// Calls [`mark`] from a frame which, by its unwind table, is the outermost one: no cut goes further out. The call of
/// this function, too, lies outside the region that the boundary's `catch` covers. Since no panic leaves this
/// function, the compiler need not give its call an entry of its own in the call-site table. If both neighbouring
/// entries are covered by a `catch` of a caller's, it merges the call with them, and a cut that got out as far as this
/// call would land there.
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

/// Not inlined, since it would take registers of the path without a panic.
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

    /// Invariant: LIFE-6
    #[test]
    fn no_cut_goes_further_than_the_frame_that_marks() {
        let _tables = samara_testkit::contained::contained(false);
        let frames_at = |function: extern "C" fn()| {
            // At the function's first instruction its return address is on top of the stack.
            let stack = [mark as *const () as u64 + 1, 0, 0];
            let range = stack.as_ptr_range();
            let mut registers = Registers::here();
            registers.rip = function as *const () as u64;
            registers.rsp = range.start as u64;
            let stack = range.start.addr()..range.end.addr();
            // SAFETY: the range is that of the words above, which nothing else refers to.
            unsafe { Backtrace::new(&registers, stack, &Registered) }.count()
        };
        assert_eq!(frames_at(uncut), 1);
        assert!(frames_at(mark) > 1, "by its table it has a caller");
    }
}
