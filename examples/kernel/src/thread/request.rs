//! What a thread asks of the scheduler. A request is a trap of its own, so that a thread leaves the
//! processor in one way only.

use core::arch::asm;
use core::time::Duration;

use samara::runtime::threads::MAX_THREADS;

use super::scheduler::Scheduler;
use super::switch::{self, Interrupted};
use super::table::{self, THREADS};
use super::{Thread, cut};
use crate::arch::cpu::{self, Cpu};
use crate::arch::trap::REQUEST;
use crate::sync::TrapLock;
use crate::time;

/// What a park waits for and a wake sets: one for each thread, one for each thread that a domain can have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token(u16);

impl Token {
    /// The token of a thread of the kernel's own.
    pub(super) fn of(thread: &Thread) -> Self {
        Self(thread.number)
    }

    /// The token of a domain's thread, by the runtime's index.
    pub(crate) fn of_domain_thread(index: usize) -> Self {
        Self((THREADS + index.min(MAX_THREADS - 1)) as u16)
    }
}

const TOKENS: usize = THREADS + MAX_THREADS;

/// The one scheduler.
pub(super) static SCHEDULER: TrapLock<Scheduler<THREADS, TOKENS>> =
    TrapLock::new(Scheduler::new(table::FIRST_FREE));

const YIELD: u64 = 0;
const WAIT: u64 = 1;
const END: u64 = 2;
const CUT: u64 = 3;

/// In place of a token: nobody wakes it.
const NOBODY: u64 = u64::MAX;

fn request(kind: u64, token: u64, deadline: u64) {
    // SAFETY: the vector's handler returns here, some time, with everything as it was. It uses no
    // byte of this stack.
    unsafe {
        asm!(
            "int {vector}",
            vector = const REQUEST,
            in("rax") kind, in("rdi") token, in("rsi") deadline,
        );
    }
}

/// Lets the threads that are ready run first. Does nothing under the no-cut mark.
pub(crate) fn yield_now() {
    if SCHEDULER.with(|scheduler| scheduler.has_ready()) {
        request(YIELD, 0, 0);
    } else {
        core::hint::spin_loop();
    }
}

/// Waits for `token`, at most for `timeout`. May return early.
pub(crate) fn park(token: Token, timeout: Option<Duration>) {
    request(WAIT, token.0.into(), deadline(timeout));
}

/// Ends the park on `token`, or the next one.
pub(crate) fn wake(token: Token) {
    SCHEDULER.with(|scheduler| scheduler.set(token.0));
}

/// Forgets a wake that nobody waited for.
pub(crate) fn forget(token: Token) {
    SCHEDULER.with(|scheduler| scheduler.clear(token.0));
}

/// Waits for `duration` at least.
#[cfg(feature = "kernel-tests")]
pub(crate) fn sleep(duration: Duration) {
    let end = deadline(Some(duration));
    while now() < end {
        request(WAIT, NOBODY, end);
    }
}

/// Gives up the running thread's frames, down to where it entered the domain that it acts for. Returns
/// only if that cannot be: in the host's code, under the no-cut mark, or where the tables do not lead.
pub(crate) fn give_up_frames() {
    request(CUT, 0, 0);
}

/// Ends the running thread.
pub(super) fn end() -> ! {
    loop {
        request(END, 0, 0);
    }
}

fn deadline(timeout: Option<Duration>) -> u64 {
    timeout.map_or(u64::MAX, |timeout| {
        let timeout = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        now().saturating_add(timeout)
    })
}

/// Nanoseconds since boot.
pub(super) fn now() -> u64 {
    // 584 years fit.
    time::since_boot().as_nanos() as u64
}

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
            let next = scheduler.next().unwrap_or(table::idle(cpu.index));
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
    if thread.number == table::idle(cpu.index) && !thread.slot.in_no_cut() {
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
    if current != table::idle(cpu.index) {
        scheduler.put_back(current);
    }
    // SAFETY: from the queue, so it runs nowhere.
    unsafe { switch::switch(cpu, interrupted, table::thread(next)) };
}
