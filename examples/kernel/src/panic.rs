//! What a panic does here.

use core::ops::ControlFlow;
use core::panic::PanicInfo;

use samara_unwind::ThreadState;

use crate::arch::exit::{ExitCode, exit};
use crate::{println, println_fatal};

/// More says no more.
const MAX_FRAMES: usize = 64;

static MAIN_THREAD: ThreadState = ThreadState::new();

/// There is one thread today.
fn thread_state() -> &'static ThreadState {
    &MAIN_THREAD
}

samara_unwind::thread_state!(thread_state);

/// Says what happened, then unwinds to the innermost boundary; without one the kernel stops.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if !samara_unwind::may_unwind(info) {
        println_fatal!("{info}");
        stop("a panic in code that must not unwind, such as a destructor during unwinding");
    }
    println!("{info}");
    let failed = samara_unwind::begin_panic();
    println_fatal!("panic not contained: {failed}");
    stop("a panic outside every boundary");
}

fn stop(why: &str) -> ! {
    println_fatal!("kernel stopped: {why}");
    trace();
    exit(ExitCode::Failure)
}

/// Prints the calls that led here, for the runner to look up.
pub(crate) fn trace() {
    let mut left = MAX_FRAMES;
    samara_unwind::backtrace(&mut |address| {
        println_fatal!("@trace {address:#x}");
        left -= 1;
        if left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
}
