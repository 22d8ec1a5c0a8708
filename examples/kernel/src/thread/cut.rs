//! Threads taken out of a domain that dies: cut to where they entered it.
//!
//! A trap handler asks the runtime (`contain`) with the registers of what it interrupted: a fault of a
//! domain's own code is its death, a thread that acts for a dead domain does not go on in it, and one that
//! stays inside for longer than its domain's budget ends it. The registers are rewritten; the thread then
//! finds itself at the boundary. Code of the host's, or under the no-cut mark, is never cut.

use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;

use samara::runtime::contain::{self, DeathCause, Verdict};
use samara_unwind::cut::Registers;
use samara_unwind::tables::{Registered, register_image};

use super::cpu::current;
use super::reserve;
use super::saved::Interrupted;
use super::table::MAIN;
use super::tcb::Thread;
use crate::arch::fault::Fault;
use crate::mm::{image, stack};

/// Makes the kernel's unwind tables known, and where the first thread's stack is.
///
/// # Panics
/// When other images have taken all places.
pub(crate) fn init() {
    // SAFETY: part of the image, which stays.
    let registered = unsafe { register_image(image::tables()) };
    // It is never unregistered.
    let _ = registered.expect("room for one image");
    // SAFETY: the stack that the kernel booted on, which this thread runs on.
    unsafe { MAIN.slot.set_stack(stack::MAIN.bounds()) };
}

/// The interrupted thread came to a fault: if that is a domain's, it is the domain's death, and the trap
/// returns to the boundary.
pub(crate) fn fault(interrupted: &mut Interrupted<'_>, fault: &Fault) -> bool {
    let address = fault.address as usize;
    fault
        .strike()
        .is_some_and(|strike| struck(interrupted, strike, address))
}

/// The interrupted thread panicked where it must not unwind: what is left is to give up its frames.
pub(super) fn panicked(interrupted: &mut Interrupted<'_>) -> bool {
    struck(interrupted, DeathCause::Abort, 0)
}

fn struck(interrupted: &mut Interrupted<'_>, strike: DeathCause, address: usize) -> bool {
    let thread = current();
    let record = thread.slot.top().addr();
    let mut registers = interrupted.frame.registers();
    // SAFETY: the interrupted thread's registers, on its own stack; a trap runs on another and leaves the
    // red zone alone; the trap returns to what they then are.
    let verdict = unsafe { contain::fault(&mut registers, strike, address, &Registered) };
    if verdict == Verdict::Reserve {
        return reserve::open(thread);
    }
    settle(thread, interrupted, &registers, record, verdict)
}

/// Counts the time that the thread owes, and cuts it if its domain is dead or its budget used up. `interrupted` is what
/// it goes on with. A thread that acts for the host may do so for a domain: whose time it is, the runtime knows.
pub(super) fn check(interrupted: &mut Interrupted<'_>) {
    let owed = current().owed.load(Relaxed);
    // Budgets are counted in microseconds: a rest stays for the next time.
    let rest = owed % 1000;
    current().owed.store(rest, Relaxed);
    check_after(interrupted, Duration::from_nanos(owed - rest));
}

/// [`check`] a thread that has run for `elapsed`.
pub(super) fn check_after(interrupted: &mut Interrupted<'_>, elapsed: Duration) {
    let thread = current();
    let record = thread.slot.top().addr();
    let mut registers = interrupted.frame.registers();
    // SAFETY: as above.
    let verdict = unsafe { contain::tick(&mut registers, elapsed, &Registered) };
    settle(thread, interrupted, &registers, record, verdict);
}

/// Has the trap return to `registers` if the thread is cut to `record`; whether it is.
fn settle(
    thread: &Thread,
    interrupted: &mut Interrupted<'_>,
    registers: &Registers,
    record: usize,
    verdict: Verdict,
) -> bool {
    if verdict != Verdict::Cut {
        return false;
    }
    interrupted.frame.set_registers(registers);
    if thread.formatting.load(Relaxed) < record {
        thread.formatting.store(0, Relaxed);
    }
    true
}
