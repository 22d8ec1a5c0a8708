//! Counts the instructions that this thread executes, one trap each: the processor's trap flag and a
//! handler of SIGTRAP. Exact, and needs no counters, no valgrind, no permission to trace.
//!
//! A repeated string instruction counts once for each repetition; system calls count once.

use std::arch::asm;
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static STEPS: AtomicUsize = AtomicUsize::new(0);

/// Where the first steps were.
static PLACES: [AtomicUsize; 4096] = [const { AtomicUsize::new(0) }; 4096];

extern "C" fn on_trap(_: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let step = STEPS.fetch_add(1, Relaxed);
    if let Some(place) = PLACES.get(step) {
        let context = context.cast::<libc::ucontext_t>();
        // SAFETY: what the kernel gives to a handler with SA_SIGINFO; read while the handler runs.
        let registers = unsafe { (*context).uc_mcontext.gregs };
        place.store(registers[libc::REG_RIP as usize] as usize, Relaxed);
    }
}

/// Makes SIGTRAP count.
pub(crate) fn install() -> io::Result<()> {
    // SAFETY: a `sigaction` of zeros is valid: no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_trap as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO;
    // SAFETY: the handler touches two statics and its own arguments.
    let installed = unsafe { libc::sigaction(libc::SIGTRAP, &action, ptr::null_mut()) };
    if installed == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// How many instructions `run` takes, and a constant few.
pub(crate) fn count(run: impl FnOnce()) -> usize {
    STEPS.store(0, Relaxed);
    // SAFETY: from here each instruction traps into the handler, which returns to the next one.
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
    run();
    // SAFETY: ends what began above.
    unsafe { asm!("pushfq", "and qword ptr [rsp], -0x101", "popfq") };
    STEPS.load(Relaxed)
}

/// Where the steps of the last count were, as many as are kept, relative to where this program lies.
pub(crate) fn places() -> impl Iterator<Item = usize> {
    unsafe extern "C" {
        /// The linker's: where the program begins.
        static __executable_start: u8;
    }
    let base = (&raw const __executable_start).addr();
    let steps = STEPS.load(Relaxed).min(PLACES.len());
    PLACES[..steps]
        .iter()
        .map(move |place| place.load(Relaxed).wrapping_sub(base))
}
