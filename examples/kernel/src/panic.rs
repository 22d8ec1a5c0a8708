//! The panic handler. A panic is recorded or printed, and then unwinds to the innermost boundary.

use core::fmt::Write;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use samara::runtime::panic::record;
use samara::runtime::text::Text;
use samara_unwind::UnwindFailed;

use crate::arch::exit::{ExitCode, exit};
use crate::thread::Formatting;
use crate::{backtrace, println, println_fatal, thread};

/// Bytes that are kept of a panic's message; a longer one is truncated.
const MESSAGE: usize = 512;

/// The text for a panic that occurs while the thread formats the message of another panic. The second message is not
/// formatted, since formatting it could panic again, without end.
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
    // `begin_panic` returns only if it has failed, before it ran any destructor. It fails, for example, if too many
    // panics are in flight. A domain can bring this about: a destructor that a panic runs calls another domain, whose
    // panic runs such a destructor again, and so on.
    if is_domains() {
        give_up();
    }
    stop(match failed {
        UnwindFailed::NoBoundary => "a panic outside every boundary",
        UnwindFailed::TooDeep => "too many panics in flight",
        _ => "a panic that the unwind tables do not lead out of",
    })
}

/// The number of panics of domains whose frames were given up.
static GIVEN_UP: AtomicU32 = AtomicU32::new(0);

/// Returns the number of domains' panics since boot that could not unwind.
#[cfg(feature = "demo")]
pub(crate) fn given_up() -> u32 {
    GIVEN_UP.load(Relaxed)
}

fn is_domains() -> bool {
    !thread::current().slot.owner().is_host()
}

/// Gives up the frames of a domain's panic that cannot unwind: a panic in a destructor that an earlier panic runs, a
/// panic for want of memory, or a panic beyond the number that can be in flight. No destructors run, and the domain
/// dies. Returns only if the frames cannot be given up.
fn give_up() {
    GIVEN_UP.fetch_add(1, Relaxed);
    thread::request::give_up_frames();
}

/// Records a domain's panic as its exit reason, or prints a panic of the kernel's own code.
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

/// Describes the panic. The text goes into a buffer, so that the console's lock is not held while the `Display` of
/// the panicking code runs.
fn describe(info: &PanicInfo<'_>) -> Text<MESSAGE> {
    let mut text = Text::new();
    // A `Text` truncates and never fails. If a `Display` fails, the text that it has written so far stays.
    let _ = match (Formatting::begin(), info.location()) {
        (Some(_formatting), _) => write!(text, "{info}"),
        (None, Some(location)) => write!(text, "panicked at {location}:\n{UNSPEAKABLE}"),
        (None, None) => write!(text, "{UNSPEAKABLE}"),
    };
    text
}

/// Stops the kernel because of a panic that cannot be contained.
fn stop(why: &str) -> ! {
    println_fatal!("kernel stopped: {why}");
    backtrace::print();
    exit(ExitCode::Failure)
}
