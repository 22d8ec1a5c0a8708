//! What a panic does here: it is recorded or reported, then unwinds to the innermost boundary.

use core::fmt::Write;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use samara::runtime::panic::record;
use samara::runtime::text::Text;
use samara_unwind::UnwindFailed;

use crate::arch::exit::{ExitCode, exit};
use crate::thread::Formatting;
use crate::{backtrace, println, println_fatal, thread};

/// Longer messages are cut off.
const MESSAGE: usize = 512;

/// Said of a panic in a panic's message: formatting that one's message, too, could go on without
/// end.
const UNSPEAKABLE: &str = "a panic while a panic's message was formatted";

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if !samara_unwind::may_unwind(info) {
        if is_domains() {
            report(info);
            give_up();
        }
        println_fatal!("{}", describe(info));
        stop("a panic in code that must not unwind, such as a destructor during unwinding");
    }
    report(info);
    let failed = samara_unwind::begin_panic();
    // Nothing was destroyed yet. A domain has destructors run that call others, whose panics have more of
    // them run, and so on, without end.
    if is_domains() {
        give_up();
    }
    stop(match failed {
        UnwindFailed::NoBoundary => "a panic outside every boundary",
        UnwindFailed::TooDeep => "too many panics in flight",
        _ => "a panic that the unwind tables do not lead out of",
    })
}

/// Panics of domains whose frames were given up.
static GIVEN_UP: AtomicU32 = AtomicU32::new(0);

/// How many panics of domains could not unwind since boot.
#[cfg(feature = "demo")]
pub(crate) fn given_up() -> u32 {
    GIVEN_UP.load(Relaxed)
}

fn is_domains() -> bool {
    !thread::current().slot.owner().is_host()
}

/// A domain's panic in a destructor that an earlier one runs, or for want of memory, or one too many in
/// flight: it runs no destructors, and takes its domain with it. Returns only if that cannot be.
fn give_up() {
    GIVEN_UP.fetch_add(1, Relaxed);
    thread::request::give_up_frames();
}

/// Records a domain's panic as its reason to end; prints the kernel's own.
fn report(info: &PanicInfo<'_>) {
    let formatting = Formatting::begin();
    let recorded = match &formatting {
        Some(_) => record(&info.message(), info.location()),
        None => record(&UNSPEAKABLE, info.location()),
    };
    drop(formatting);
    if !recorded {
        println!("{}", describe(info));
    }
}

/// The panic in words. They are put into a buffer first: no lock is held while the code that
/// panicked formats its message.
fn describe(info: &PanicInfo<'_>) -> Text<MESSAGE> {
    let mut text = Text::new();
    // A `Text` takes what fits and never fails; a `Display` that does has said what it could.
    let _ = match (Formatting::begin(), info.location()) {
        (Some(_formatting), _) => write!(text, "{info}"),
        (None, Some(location)) => write!(text, "panicked at {location}:\n{UNSPEAKABLE}"),
        (None, None) => write!(text, "{UNSPEAKABLE}"),
    };
    text
}

/// Ends the kernel for a panic that cannot be contained.
fn stop(why: &str) -> ! {
    println_fatal!("kernel stopped: {why}");
    backtrace::print();
    exit(ExitCode::Failure)
}
