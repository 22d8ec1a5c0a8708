//! Takes threads out of a dying domain: cuts them to the boundary where they entered the domain.
//!
//! A trap handler passes the interrupted code's registers to the runtime (`contain`), which decides. A fault of a
//! domain's own code kills the domain. A thread that acts for a dead domain is cut. A thread that stays inside for
//! longer than its domain's budget kills the domain, and is cut. For a cut the runtime rewrites the registers so that
//! the thread resumes at the boundary. Code of the host, and code under the no-cut mark, is never cut.

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

/// Registers the kernel's unwind tables, and records the stack of the first thread.
///
/// # Panics
/// If other images have taken all places.
pub(crate) fn init() {
    // SAFETY: the tables are part of the kernel's image, which is never unmapped.
    let registered = unsafe { register_image(image::tables()) };
    // The image is never unregistered.
    let _ = registered.expect("no room to register the kernel's unwind tables");
    // SAFETY: this thread runs on the main stack.
    unsafe { MAIN.slot.set_stack(stack::MAIN.bounds()) };
}

/// Handles a fault of the interrupted thread. Returns true if a domain's code has caused the fault and the domain
/// dies of it. If so, the thread can resume. The trap returns to the boundary, or, if the stack's reserve was opened,
/// to the instruction that faulted.
pub(crate) fn fault(interrupted: &mut Interrupted<'_>, fault: &Fault) -> bool {
    let address = fault.address as usize;
    fault
        .death_cause()
        .is_some_and(|cause| contain_fault(interrupted, cause, address))
}

/// Handles a panic that cannot unwind: gives up the interrupted thread's frames. Returns false if they cannot be
/// given up.
pub(super) fn panicked(interrupted: &mut Interrupted<'_>) -> bool {
    contain_fault(interrupted, DeathCause::Abort, 0)
}

fn contain_fault(interrupted: &mut Interrupted<'_>, cause: DeathCause, address: usize) -> bool {
    let thread = current();
    let record = thread.slot.top().addr();
    let mut registers = interrupted.frame.registers();
    // SAFETY: the registers are the interrupted thread's, on its own stack. The trap runs on another stack and leaves
    // the red zone alone. After a cut the trap returns with the registers as the runtime has rewritten them,
    // otherwise with unchanged registers.
    let verdict = unsafe { contain::fault(&mut registers, cause, address, &Registered) };
    if verdict == Verdict::Reserve {
        return reserve::open(thread);
    }
    settle(thread, interrupted, &registers, record, verdict)
}

/// Charges the time of the current thread that is not charged yet, and cuts the thread if its domain is dead or the
/// budget is used up. `interrupted` holds the registers with which the thread resumes. The runtime decides which
/// domain is charged, since a thread that acts for the host may do so on behalf of a domain.
pub(super) fn check(interrupted: &mut Interrupted<'_>) {
    let owed = current().owed.load(Relaxed);
    // Budgets are counted in microseconds. The remainder is charged later.
    let rest = owed % 1000;
    current().owed.store(rest, Relaxed);
    check_after(interrupted, Duration::from_nanos(owed - rest));
}

/// As [`check`], but charges the time `elapsed`.
pub(super) fn check_after(interrupted: &mut Interrupted<'_>, elapsed: Duration) {
    let thread = current();
    let record = thread.slot.top().addr();
    let mut registers = interrupted.frame.registers();
    // SAFETY: as in `contain_fault`.
    let verdict = unsafe { contain::tick(&mut registers, elapsed, &Registered) };
    settle(thread, interrupted, &registers, record, verdict);
}

/// Makes the trap return to `registers` if the verdict is a cut. `record` is the address of the activation to which
/// the thread is cut. Returns whether the verdict is a cut.
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
    // If the thread was formatting a panic's message in the frames that are cut, the formatting is over.
    if thread.formatting.load(Relaxed) < record {
        thread.formatting.store(0, Relaxed);
    }
    true
}
