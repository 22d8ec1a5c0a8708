//! What the scheduler does with a request, or when an interrupt has made a thread ready.

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
        // It may hold what the others wait for.
        return;
    }
    let (kind, token) = (interrupted.frame.rax, interrupted.frame.rdi);
    let deadline = interrupted.frame.rsi;
    if kind == CUT {
        // If not, the request returns to who made it.
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
            // SAFETY: from the queue, or this processor's idle thread, which is not the one that
            // waits or ends: neither runs anywhere.
            unsafe { switch::switch(cpu, interrupted, table::thread(next)) };
        }
    });
}

/// An interrupt may have made a thread ready: a processor that has nothing to do runs it at once.
pub(crate) fn leave_idle(interrupted: &mut Interrupted<'_>) {
    let cpu = cpu::this();
    let thread = cpu.current();
    if thread.number == limits::idle(cpu.index) && !thread.slot.in_no_cut() {
        SCHEDULER.with(|scheduler| take_turns(scheduler, cpu, interrupted));
    }
}

/// Has the thread that has waited longest run, if there is one, and the running one wait.
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
    // SAFETY: from the queue, so it runs nowhere.
    unsafe { switch::switch(cpu, interrupted, table::thread(next)) };
}
