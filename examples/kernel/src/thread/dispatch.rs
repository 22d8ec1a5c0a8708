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
        // The request is ignored, since the thread may hold a lock for which other threads wait.
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
            // SAFETY: `next` comes from the queue, or it is this CPU's idle thread, which itself never waits or ends.
            // In both cases `next` runs on no CPU.
            unsafe { switch::switch(cpu, interrupted, table::thread(next)) };
        }
    });
}

/// Switches an idle CPU at once to a thread that an interrupt has made ready, if there is one.
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
