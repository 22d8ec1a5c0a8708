//! Handles requests to the scheduler, and interrupts that may have made a thread ready.

use super::cpu::{self, Cpu};
use super::limits::{self, THREADS};
use super::park_token::{SCHEDULER, TOKENS};
use super::request::{CUT, END, NOBODY, WAIT};
use super::saved::Interrupted;
use super::scheduler::Scheduler;
use super::{cut, switch, table};

/// Handles the request that `interrupted` made.
pub(crate) fn handle(interrupted: &mut Interrupted<'_>) {
    let cpu = cpu::this();
    let thread = cpu.current();
    if thread.slot.in_no_cut() {
        // The thread may hold a lock that other threads wait for.
        return;
    }
    let (kind, token) = (interrupted.frame.rax, interrupted.frame.rdi);
    let deadline = interrupted.frame.rsi;
    if kind == CUT {
        // If the frames cannot be given up, the request returns to its caller.
        let _ = cut::panicked(interrupted);
        return;
    }
    SCHEDULER.with(|scheduler| {
        let leaves = match kind {
            WAIT => {
                let token = (token != NOBODY).then_some(token as u16);
                scheduler.wait(thread.number, token, deadline)
            }
            END => {
                scheduler.end(thread.number);
                true
            }
            _ => {
                take_turns(scheduler, cpu, interrupted);
                false
            }
        };
        if leaves {
            let next = scheduler.next().unwrap_or(limits::idle(cpu.index));
            // SAFETY: `next` comes from the queue, or is this CPU's idle thread, which is never the thread that waits
            // or ends. In both cases it runs on no CPU.
            unsafe { switch::switch(cpu, interrupted, table::thread(next)) };
        }
    });
}

/// Lets an idle CPU run a thread at once that an interrupt may have made ready.
pub(crate) fn leave_idle(interrupted: &mut Interrupted<'_>) {
    let cpu = cpu::this();
    let thread = cpu.current();
    if thread.number == limits::idle(cpu.index) && !thread.slot.in_no_cut() {
        SCHEDULER.with(|scheduler| take_turns(scheduler, cpu, interrupted));
    }
}

/// Switches to the thread that has waited longest for the CPU, if there is one. The running thread goes to the end of
/// the queue, unless it is the idle thread.
pub(super) fn take_turns(
    scheduler: &mut Scheduler<THREADS, TOKENS>,
    cpu: &Cpu,
    interrupted: &mut Interrupted<'_>,
) {
    let Some(next) = scheduler.next() else {
        return;
    };
    let current = cpu.current().number;
    if current != limits::idle(cpu.index) {
        scheduler.put_back(current);
    }
    // SAFETY: `next` comes from the queue, so it runs on no CPU.
    unsafe { switch::switch(cpu, interrupted, table::thread(next)) };
}
