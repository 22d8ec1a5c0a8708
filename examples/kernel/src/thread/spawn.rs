//! Starts threads, and frees their stacks and places after they have ended.

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

/// A handle on a spawned thread. Dropping the handle does not end the thread.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "kernel-tests"),
    expect(dead_code, reason = "the kernel waits for none of its threads")
)]
pub(crate) struct Handle {
    number: u16,
    serial: u32,
}

/// The number of threads that ended by a panic of the host's own code. A change of this number makes the running test
/// fail, since an assertion has failed on a thread that the test started.
#[cfg(feature = "kernel-tests")]
pub(crate) static PANICKED: AtomicU32 = AtomicU32::new(0);

/// Runs `start` on a new thread. Returns `start` if there is no place or no memory for a thread.
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
    /// Whether the thread has ended and its stack was freed.
    #[cfg(feature = "kernel-tests")]
    pub(crate) fn is_finished(self) -> bool {
        table::thread(self.number).serial.load(Acquire) != self.serial
    }

    /// Waits until the thread has ended.
    #[cfg(feature = "kernel-tests")]
    pub(crate) fn join(self) {
        while !self.is_finished() {
            free_ended();
            request::yield_now();
        }
    }

    /// Returns the thread's own token. The thread parks on it, and a wake of the token ends the park.
    pub(crate) fn token(self) -> Token {
        Token::of(table::thread(self.number))
    }
}

/// Gives `thread` a stack and initial registers. The thread's place was given out to the caller.
pub(super) fn prepare(thread: &'static Thread, start: Start) -> Result<(), Start> {
    let Some(stack) = Stack::new(thread.number) else {
        return Err(start);
    };
    // The stack is zeroed, so the first function finds a zero as its return address. A walk up the stack ends there.
    let usual = stack.usual();
    let rsp = usual.end as u64 - 8;
    // SAFETY: this is the stack that the thread will run on, and it is mapped as long as the thread has its place.
    unsafe { thread.slot.set_stack(usual) };
    thread.owed.store(0, Relaxed);
    // SAFETY: the place was given out to the caller and no thread runs there, so the cell belongs to the caller.
    unsafe { *thread.stack.get() = Some(stack) };
    // SAFETY: as for `stack`.
    unsafe { *thread.start.get() = Some(start) };
    let saved = Saved {
        frame: TrapFrame::starting_at(first as extern "C" fn() -> ! as usize as u64, rsp),
        fpu: FpuState::DEFAULT,
    };
    // SAFETY: as for `stack`.
    unsafe { thread.saved.get().write(saved) };
    Ok(())
}

/// The first function of every thread.
extern "C" fn first() -> ! {
    // SAFETY: the spawner wrote the cell before the thread was ready. From then on only the thread itself uses it.
    let start = unsafe { (*current().start.get()).take() };
    let run = || match start {
        Some(Start::Host(function, argument)) => function(argument),
        Some(Start::Domain(thread)) => thread.run(),
        None => {}
    };
    // A panic of the host's own code ends the thread. The panic handler has printed it already.
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
        // SAFETY: the thread has ended, and `ended` has given its place to this call alone.
        let stack = unsafe { (*thread.stack.get()).take() };
        drop(stack);
        thread.serial.fetch_add(1, Release);
        SCHEDULER.with(|scheduler| scheduler.release(number));
    }
}
