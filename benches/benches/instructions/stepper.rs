//! Counts the instructions that this thread executes. The CPU's trap flag makes each of them trap into a handler of
//! SIGTRAP. The counts are exact, and need no performance counters, no valgrind and no permission to trace.
//!
//! A repeated string instruction counts once for each repetition. A system call counts once.

use std::arch::asm;
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static STEPS: AtomicUsize = AtomicUsize::new(0);

/// The addresses of the first steps.
static PLACES: [AtomicUsize; 4096] = [const { AtomicUsize::new(0) }; 4096];

extern "C" fn on_trap(_: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let step = STEPS.fetch_add(1, Relaxed);
    if let Some(place) = PLACES.get(step) {
        let context = context.cast::<libc::ucontext_t>();
        // SAFETY: the kernel passes a `ucontext_t` to a handler with SA_SIGINFO. It is valid while the handler runs.
        let registers = unsafe { (*context).uc_mcontext.gregs };
        place.store(registers[libc::REG_RIP as usize] as usize, Relaxed);
    }
}

/// Installs the counting handler of SIGTRAP.
pub(crate) fn install() -> io::Result<()> {
    // SAFETY: a `sigaction` of zeros is valid: no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_trap as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO;
    // SAFETY: the handler uses only two statics and its own arguments.
    let installed = unsafe { libc::sigaction(libc::SIGTRAP, &action, ptr::null_mut()) };
    if installed == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Returns the number of instructions that `run` takes, plus a small constant.
pub(crate) fn count(run: impl FnOnce()) -> usize {
    STEPS.store(0, Relaxed);
    // SAFETY: from here on each instruction traps into the handler, which returns to the next instruction.
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
    run();
    // SAFETY: this clears the flag that was set above.
    unsafe { asm!("pushfq", "and qword ptr [rsp], -0x101", "popfq") };
    STEPS.load(Relaxed)
}

/// Returns the addresses of the steps of the last count, as many as are kept, relative to the start of this program.
pub(crate) fn places() -> impl Iterator<Item = usize> {
    unsafe extern "C" {
        /// The start of the program, defined by the linker.
        static __executable_start: u8;
    }
    let base = (&raw const __executable_start).addr();
    let steps = STEPS.load(Relaxed).min(PLACES.len());
    PLACES[..steps]
        .iter()
        .map(move |place| place.load(Relaxed).wrapping_sub(base))
}
