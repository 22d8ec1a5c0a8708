//! From a function to a running thread, and what is left when it ended.

#[cfg(feature = "kernel-tests")]
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::cpu::current;
use super::park_token::{SCHEDULER, Token};
use super::saved::Saved;
use super::stack::Stack;
pub(crate) use super::start::Start;
use super::tcb::Thread;
use super::{request, table};
use crate::arch::fpu::FpuState;
use crate::arch::trap_frame::TrapFrame;

/// A thread that was spawned. Dropping it lets the thread run on.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "kernel-tests"),
    expect(dead_code, reason = "the kernel waits for none of its threads")
)]
pub(crate) struct Handle {
    number: u16,
    serial: u32,
}

/// How many threads a panic of the host's own has ended: what a test asserts on them, it asserts.
#[cfg(feature = "kernel-tests")]
pub(crate) static PANICKED: AtomicU32 = AtomicU32::new(0);

/// Runs `start` on a new thread; gives it back when there is no place or no memory for one.
pub(crate) fn spawn(start: Start) -> Result<Handle, Start> {
    free_ended();
    let Some(number) = SCHEDULER.with(|scheduler| scheduler.claim()) else {
        return Err(start);
    };
    let thread = table::thread(number);
    if let Err(start) = prepare(thread, start) {
        SCHEDULER.with(|scheduler| scheduler.release(number));
        return Err(start);
    }
    let handle = Handle {
        number,
        serial: thread.serial.load(Acquire),
    };
    request::forget(Token::of(thread));
    SCHEDULER.with(|scheduler| scheduler.start(number));
    Ok(handle)
}

impl Handle {
    /// Whether the thread has ended and its stack is free.
    #[cfg(feature = "kernel-tests")]
    pub(crate) fn is_finished(self) -> bool {
        table::thread(self.number).serial.load(Acquire) != self.serial
    }

    /// Waits until it has ended.
    #[cfg(feature = "kernel-tests")]
    pub(crate) fn join(self) {
        while !self.is_finished() {
            free_ended();
            request::yield_now();
        }
    }

    /// What wakes it from a park on its own token.
    pub(crate) fn token(self) -> Token {
        Token::of(table::thread(self.number))
    }
}

/// Gives `thread`, which is ours alone, a stack and registers to begin with.
pub(super) fn prepare(thread: &'static Thread, start: Start) -> Result<(), Start> {
    let Some(stack) = Stack::new(thread.number) else {
        return Err(start);
    };
    // A walk up the stack ends at the zero where the first function's return address would be: the
    // stack is zeroed.
    let usual = stack.usual();
    let rsp = usual.end as u64 - 8;
    // SAFETY: mapped while the thread has its place, and what it runs on.
    unsafe { thread.slot.set_stack(usual) };
    thread.owed.store(0, Relaxed);
    // SAFETY: the place was given out to us, and does not run.
    unsafe { *thread.stack.get() = Some(stack) };
    // SAFETY: as above.
    unsafe { *thread.start.get() = Some(start) };
    let saved = Saved {
        frame: TrapFrame::starting_at(first as extern "C" fn() -> ! as usize as u64, rsp),
        fpu: FpuState::DEFAULT,
    };
    // SAFETY: as above.
    unsafe { thread.saved.get().write(saved) };
    Ok(())
}

/// The first function of every thread.
extern "C" fn first() -> ! {
    // SAFETY: its spawner wrote it before the thread was ready, and nobody else reads it.
    let start = unsafe { (*current().start.get()).take() };
    let run = || match start {
        Some(Start::Host(function, argument)) => function(argument),
        Some(Start::Domain(thread)) => thread.run(),
        None => {}
    };
    // A panic of the host's own was printed; it ends its thread.
    if let Err(payload) = samara_unwind::catch(run) {
        payload.dispose();
        #[cfg(feature = "kernel-tests")]
        PANICKED.fetch_add(1, Relaxed);
    }
    request::end()
}

/// Frees the stacks and places of threads that have ended.
pub(crate) fn free_ended() {
    while SCHEDULER.with(|scheduler| scheduler.has_ended()) {
        let Some(number) = SCHEDULER.with(|scheduler| scheduler.ended()) else {
            return;
        };
        let thread = table::thread(number);
        // SAFETY: it has ended, and its place was given out to us.
        let stack = unsafe { (*thread.stack.get()).take() };
        drop(stack);
        thread.serial.fetch_add(1, Release);
        SCHEDULER.with(|scheduler| scheduler.release(number));
    }
}
