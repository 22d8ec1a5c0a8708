//! The calls that led to the end, as `@trace` lines for the runner to look up.

use core::ops::ControlFlow;

use crate::println_fatal;

/// More says no more.
const MAX_FRAMES: usize = 64;

/// Prints the calls that led here, the innermost first.
pub(crate) fn print() {
    print_if(|_| true);
}

/// Prints the calls that led to the instruction at `address`, which trapped, without those of the
/// handler.
pub(crate) fn print_from(address: u64) {
    let mut reached = false;
    print_if(|frame| {
        reached |= frame == address as usize;
        reached
    });
    if !reached {
        // The walk did not get there: something, and what is closest to the trap, is better than
        // nothing.
        print();
        println_fatal!("@trace {address:#x}");
    }
}

fn print_if(mut wanted: impl FnMut(usize) -> bool) {
    let mut left = MAX_FRAMES;
    samara_unwind::backtrace(&mut |address| {
        if !wanted(address) {
            return ControlFlow::Continue(());
        }
        println_fatal!("@trace {address:#x}");
        left -= 1;
        if left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
}
