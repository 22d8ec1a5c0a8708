//! What a panic does here: it is reported, then unwinds to the innermost boundary.

use core::fmt::Write;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use samara_unwind::{ThreadState, UnwindFailed};

use crate::arch::exit::{ExitCode, exit};
use crate::text::Text;
use crate::{backtrace, println, println_fatal};

/// Longer messages are cut off.
const MESSAGE: usize = 512;

static MAIN_THREAD: ThreadState = ThreadState::new();

/// There is one thread today.
fn thread_state() -> &'static ThreadState {
    &MAIN_THREAD
}

samara_unwind::thread_state!(thread_state);

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if !samara_unwind::may_unwind(info) {
        stop(
            info,
            "a panic in code that must not unwind, such as a destructor during unwinding",
        );
    }
    report(info);
    let why = match samara_unwind::begin_panic() {
        UnwindFailed::NoBoundary => "a panic outside every boundary",
        UnwindFailed::TooDeep => "too many panics in flight",
        _ => "a panic that the unwind tables do not lead out of",
    };
    stop(info, why)
}

/// Prints the message. It is formatted into a buffer first: no lock is held while a domain's code runs.
fn report(info: &PanicInfo<'_>) {
    let Some(_formatting) = Formatting::begin() else {
        // The message's own `Display` panicked. Formatting this one too could go on without end.
        match info.location() {
            Some(location) => println!("panicked at {location}, formatting a panic's message"),
            None => println!("panicked formatting a panic's message"),
        }
        return;
    };
    let mut message = Text::<MESSAGE>::new();
    // A `Text` takes what fits and never fails; a `Display` that does has said what it could.
    let _ = write!(message, "{info}");
    println!("{}", message.as_str());
}

/// While a message is formatted, which runs the panicking code's `Display`; ends also if that unwinds.
struct Formatting;

static FORMATTING: AtomicBool = AtomicBool::new(false);

impl Formatting {
    /// `None` if a message is being formatted.
    fn begin() -> Option<Self> {
        (!FORMATTING.swap(true, Ordering::Relaxed)).then_some(Self)
    }
}

impl Drop for Formatting {
    fn drop(&mut self) {
        FORMATTING.store(false, Ordering::Relaxed);
    }
}

/// Ends the kernel for a panic that cannot be contained.
fn stop(info: &PanicInfo<'_>, why: &str) -> ! {
    println_fatal!("{info}");
    println_fatal!("kernel stopped: {why}");
    backtrace::print();
    exit(ExitCode::Failure)
}
