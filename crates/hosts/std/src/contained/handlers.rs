//! Signal handlers, which take the place of a kernel's trap handlers.

use super::ticks::PERIOD;
use super::{bounds, context, images, reserve, segments, signals, yield_clock};
use crate::StdHost;
use libc::{c_int, c_void, siginfo_t, ucontext_t};
use samara_domain_runtime::contain::{self, DeathCause, Verdict};
use samara_domain_runtime::host::Clock;
use samara_unwind::tables::Registered;
use std::backtrace::Backtrace;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

/// The numbers of cuts so far, in the whole process.
#[derive(Clone, Copy, Debug)]
pub struct Cuts {
    /// Cuts by faults.
    pub faults: usize,
    /// Cuts by ticks.
    pub ticks: usize,
    /// Ticks at which the thread had to be cut, but could not be cut at its current instruction.
    pub later: usize,
    /// Stack overflows in trusted code for which the stack's reserve was opened.
    pub reserves: usize,
}

static FAULT_CUTS: AtomicUsize = AtomicUsize::new(0);
static TICK_CUTS: AtomicUsize = AtomicUsize::new(0);
static LATER: AtomicUsize = AtomicUsize::new(0);
static RESERVES: AtomicUsize = AtomicUsize::new(0);

/// Returns the numbers of cuts so far, in the whole process.
#[must_use]
pub fn cuts() -> Cuts {
    Cuts {
        faults: FAULT_CUTS.load(SeqCst),
        ticks: TICK_CUTS.load(SeqCst),
        later: LATER.load(SeqCst),
        reserves: RESERVES.load(SeqCst),
    }
}

const FAULTS: [c_int; 5] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGABRT,
];

/// Whether the handlers are installed.
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Whether faults are contained, on threads that asked for it.
pub(crate) fn are_installed() -> bool {
    INSTALLED.load(SeqCst)
}

/// Fills `std`'s cache of the program's symbols, in the host's heap. If `RUST_BACKTRACE` is set, `std` prints a
/// backtrace when an infallible allocation of a domain fails. Without this function the cache would first be filled
/// then, in that domain's heap, and would dangle after the domain's end.
fn remember_symbols() {
    if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
        drop(Backtrace::force_capture().to_string());
    }
}

/// Installs the handlers, and has the runtime call `around` on each thread that a domain spawns. Returns false if
/// that fails. The thread must act for the host, so that the images' tables lie in the host's heap. Called once for
/// the process.
pub(super) fn install(around: fn(&mut dyn FnMut())) -> bool {
    if !images::register_all() {
        return false;
    }
    remember_symbols();
    // The clock begins when it is first read, and a tick must not be the first to read it.
    let _began = StdHost::now_ns();
    crate::runtime().set_stack_probe(&segments::Probe);
    crate::set_around_threads(around);
    let fault = fault as *const () as usize;
    let are_set = FAULTS.into_iter().all(|signal| signals::set(signal, fault))
        && signals::set(signals::tick(), tick as *const () as usize);
    INSTALLED.store(are_set, SeqCst);
    are_set
}

fn death_cause(signal: c_int, code: c_int, address: usize) -> DeathCause {
    const FPE_INTDIV: c_int = 1;
    const SI_KERNEL: c_int = 0x80;
    match signal {
        libc::SIGSEGV if code == SI_KERNEL => DeathCause::Protection,
        libc::SIGSEGV if bounds::is_guard(address) => DeathCause::StackOverflow,
        libc::SIGSEGV => DeathCause::Page,
        libc::SIGBUS if code == libc::BUS_ADRALN => DeathCause::Alignment,
        // An access to mapped memory without a page behind it, for example beyond the end of a mapped file.
        libc::SIGBUS => DeathCause::Page,
        libc::SIGFPE if code == FPE_INTDIV => DeathCause::Divide,
        libc::SIGFPE => DeathCause::Float,
        libc::SIGILL => DeathCause::InvalidInstruction,
        libc::SIGABRT => DeathCause::Abort,
        _ => DeathCause::Other,
    }
}

unsafe extern "C" fn fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's record of this signal, which is this handler's until it returns.
    let context = unsafe { &mut *context.cast::<ucontext_t>() };
    // SAFETY: as above.
    let info = unsafe { &*info };
    let address = match signal {
        // SAFETY: these two signals report the address of the access; others report that of the instruction, or
        // none.
        libc::SIGSEGV | libc::SIGBUS => unsafe { info.si_addr() }.addr(),
        _ => 0,
    };
    let mut registers = context::load(context);
    let cause = death_cause(signal, info.si_code, address);
    // SAFETY: the registers of this very thread at the interrupted instruction. The handler runs on the
    // alternate stack, and the registers are resumed when it returns.
    let verdict = unsafe { contain::fault(&mut registers, cause, address, &Registered) };
    if verdict == Verdict::Cut {
        FAULT_CUTS.fetch_add(1, SeqCst);
        context::store(context, &registers);
        return;
    }
    if verdict == Verdict::Reserve && reserve::open() {
        RESERVES.fetch_add(1, SeqCst);
        return;
    }
    report(verdict);
    // SAFETY: sets the default action. The instruction raises the signal again once the handler has returned.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

unsafe extern "C" fn tick(_: c_int, _: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's record of this signal, which is this handler's until it returns.
    let context = unsafe { &mut *context.cast::<ucontext_t>() };
    let Some(cuttable) = images::Cuttable::new() else {
        return;
    };
    let mut registers = context::load(context);
    let elapsed = yield_clock::elapsed().unwrap_or(PERIOD);
    // SAFETY: as in `fault`.
    let verdict = unsafe { contain::tick(&mut registers, elapsed, &cuttable) };
    match verdict {
        Verdict::Cut => {
            TICK_CUTS.fetch_add(1, SeqCst);
            context::store(context, &registers);
        }
        Verdict::Later => {
            LATER.fetch_add(1, SeqCst);
        }
        _ => {}
    }
}

/// Prints the reason why the process ends. It uses only system calls, because it runs in a signal handler.
fn report(verdict: Verdict) {
    use std::fmt::Write;
    struct Line([u8; 160], usize);
    impl Write for Line {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            let room = &mut self.0[self.1..];
            let length = text.len().min(room.len());
            room[..length].copy_from_slice(&text.as_bytes()[..length]);
            self.1 = self.1.saturating_add(length);
            Ok(())
        }
    }
    let mut line = Line([0; 160], 0);
    let _ = writeln!(line, "the fault is not contained: {verdict:x?}");
    // SAFETY: writes the bytes of `line`.
    let _ = unsafe { libc::write(2, line.0.as_ptr().cast(), line.1) };
}
