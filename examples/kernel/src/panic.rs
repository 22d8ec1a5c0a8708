//! What a panic does here: it is recorded or reported, then unwinds to the innermost boundary.

use core::fmt::Write;
use core::panic::PanicInfo;

use samara::runtime::panic::record;
use samara::runtime::text::Text;
use samara_unwind::UnwindFailed;

use crate::arch::exit::{ExitCode, exit};
use crate::thread::Formatting;
use crate::{backtrace, println, println_fatal};

/// Longer messages are cut off.
const MESSAGE: usize = 512;

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

/// Records a domain's panic as its reason to end; prints the kernel's own.
///
/// Messages are formatted into a buffer first: no lock is held while a domain's code runs.
fn report(info: &PanicInfo<'_>) {
    let formatting = Formatting::begin();
    if formatting.is_none() {
        // The message's own `Display` panicked. Formatting this one too could go on without end.
        if !record(
            &"a panic while a panic's message was formatted",
            info.location(),
        ) {
            match info.location() {
                Some(location) => println!("panicked at {location}, formatting a panic's message"),
                None => println!("panicked formatting a panic's message"),
            }
        }
        return;
    }
    if !record(&info.message(), info.location()) {
        let mut message = Text::<MESSAGE>::new();
        // A `Text` takes what fits and never fails; a `Display` that does has said what it could.
        let _ = write!(message, "{info}");
        println!("{message}");
    }
}

/// Ends the kernel for a panic that cannot be contained.
fn stop(info: &PanicInfo<'_>, why: &str) -> ! {
    println_fatal!("{info}");
    println_fatal!("kernel stopped: {why}");
    backtrace::print();
    exit(ExitCode::Failure)
}
