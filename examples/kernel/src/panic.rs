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

/// The message of a panic that happens while the message of another is formatted. Its own message is not formatted,
/// since that could panic again, without end.
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
    // `begin_panic` has failed before it ran any destructor. A domain can cause that: destructors that a panic runs
    // call other domains, whose panics run more such destructors, and so on without end.
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

/// Returns how many panics of domains could not unwind since boot.
#[cfg(feature = "demo")]
pub(crate) fn given_up() -> u32 {
    GIVEN_UP.load(Relaxed)
}

fn is_domains() -> bool {
    !thread::current().slot.owner().is_host()
}

/// Gives up the frames of a domain's panic that cannot unwind: one in a destructor that an earlier panic runs, one for
/// want of memory, or one too many in flight. No destructors run, and the domain dies. Returns only if the frames
/// cannot be given up.
fn give_up() {
    GIVEN_UP.fetch_add(1, Relaxed);
    thread::request::give_up_frames();
}

/// Records a panic of a domain as the reason of its end, or prints a panic of the kernel's own.
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

/// Describes the panic. The text goes into a buffer, so that no lock is held while the code that panicked formats its
/// message.
fn describe(info: &PanicInfo<'_>) -> Text<MESSAGE> {
    let mut text = Text::new();
    // A `Text` truncates and never fails. If a `Display` fails, the part that it has written stays.
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
