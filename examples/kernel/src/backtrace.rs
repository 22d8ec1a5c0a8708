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
        print_line(address as usize);
    }
}

/// Prints the line for an address inside an instruction. The runner takes what it reads for a return
/// address and looks at the byte before.
pub(crate) fn print_line(address: usize) {
    println_fatal!("@trace {:#x}", address.wrapping_add(1));
}

fn print_if(mut wanted: impl FnMut(usize) -> bool) {
    let mut left = MAX_FRAMES;
    samara_unwind::backtrace(&mut |address| {
        if !wanted(address) {
            return ControlFlow::Continue(());
        }
        print_line(address);
        left -= 1;
        if left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
}
