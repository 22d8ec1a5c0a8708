//! A thread's requests to the scheduler. A request is a trap with a vector of its own. So traps are the only way in
//! which a thread leaves the CPU.

use core::arch::asm;
use core::time::Duration;

use super::park_token::SCHEDULER;
pub(crate) use super::park_token::Token;
use crate::time;

/// The vector of requests.
pub(crate) const VECTOR: u8 = 0x41;

pub(super) const YIELD: u64 = 0;
pub(super) const WAIT: u64 = 1;
pub(super) const END: u64 = 2;
pub(super) const CUT: u64 = 3;

/// Stands for no token. The thread then waits only for its deadline.
pub(super) const NOBODY: u64 = u64::MAX;

fn request(kind: u64, token: u64, deadline: u64) {
    // SAFETY: the handler returns here with all registers unchanged, and it does not touch this stack.
    unsafe {
        asm!(
            "int {vector}",
            vector = const VECTOR,
            in("rax") kind, in("rdi") token, in("rsi") deadline,
        );
    }
}

/// Lets other ready threads run first. Under the no-cut mark the running thread keeps the CPU.
pub(crate) fn yield_now() {
    if SCHEDULER.with(|scheduler| scheduler.has_ready()) {
        request(YIELD, 0, 0);
    } else {
        core::hint::spin_loop();
    }
}

/// Waits for `token`, for at most `timeout`. May return early.
pub(crate) fn park(token: Token, timeout: Option<Duration>) {
    request(WAIT, token.0.into(), deadline(timeout));
}

/// Ends the park of the thread that waits for `token`. If no thread waits, the next park on `token` returns at once.
pub(crate) fn wake(token: Token) {
    SCHEDULER.with(|scheduler| scheduler.set(token.0));
}

/// Clears a wake of `token` that came while no thread waited for it.
pub(crate) fn forget(token: Token) {
    SCHEDULER.with(|scheduler| scheduler.clear(token.0));
}

/// Waits for at least `duration`.
#[cfg(feature = "kernel-tests")]
pub(crate) fn sleep(duration: Duration) {
    let end = deadline(Some(duration));
    while now() < end {
        request(WAIT, NOBODY, end);
    }
}

/// Gives up the running thread's frames, back to the boundary where the thread entered the domain for which it acts.
/// Returns only if that is impossible: if the thread acts for the host, if it is under the no-cut mark, or if the
/// unwind tables do not lead to the boundary.
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

/// Returns the nanoseconds since boot.
pub(super) fn now() -> u64 {
    // 64 bits hold 584 years.
    time::since_boot().as_nanos() as u64
}
