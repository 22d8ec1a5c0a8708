//! A domain's thread, on its way from the thread that spawned it to the thread that it runs on.

use super::Claim;
use crate::call::{self, Failure, Refusal, Target};
use crate::control::{ControlBlock, Hold};
use crate::exit_reason::{ExitKind, ExitReason};
use crate::host_time::{self, Spent};
use crate::state::State;
use alloc::alloc::{alloc, dealloc};
use core::alloc::Layout;
use core::ptr::NonNull;
use samara_shared_heap::thread;

/// A closure in the private heap of the domain that spawns it. This does not own the closure: a domain that died has
/// lost its heap. Code that knows that the domain lives calls [`take`](Self::take), once.
pub(super) struct Body<F>(NonNull<F>);

impl<F> Body<F> {
    const LAYOUT: Layout = Layout::new::<F>();

    /// Moves `body` to the heap; gives it back when there is no room.
    pub(super) fn try_new(body: F) -> Result<Self, F> {
        let at = if Self::LAYOUT.size() == 0 {
            NonNull::dangling()
        } else {
            // SAFETY: the layout's size is not zero.
            let at = unsafe { alloc(Self::LAYOUT) };
            match NonNull::new(at.cast::<F>()) {
                Some(at) => at,
                None => return Err(body),
            }
        };
        // SAFETY: memory of `F`'s layout, to which nothing else refers.
        unsafe { at.write(body) };
        Ok(Self(at))
    }

    /// Takes the closure out and frees its memory.
    ///
    /// # Safety
    /// Called once, while the domain in whose heap it lies cannot be reclaimed.
    pub(super) unsafe fn take(self) -> F {
        // SAFETY: `try_new` wrote it, and it is read once.
        let body = unsafe { self.0.read() };
        if Self::LAYOUT.size() != 0 {
            // SAFETY: allocated by `try_new` with this layout; its value was moved out.
            unsafe { dealloc(self.0.as_ptr().cast(), Self::LAYOUT) };
        }
        body
    }

    fn erase(&self) -> NonNull<()> {
        self.0.cast()
    }
}

/// Runs the closure at `body`.
///
/// # Safety
/// As [`Body::take`], and the thread acts for the closure's domain.
unsafe fn run<F: FnOnce()>(body: NonNull<()>) {
    // SAFETY: handed on.
    let body = unsafe { Body(body.cast::<F>()).take() };
    body();
}

/// A domain's thread that a host is asked to start: [`run`](Self::run) it on a thread of its own.
///
/// If it is dropped without being run, its place is free again. The captures of its closure go with its domain.
#[derive(Debug)]
pub struct DomainThread {
    run: unsafe fn(NonNull<()>),
    body: NonNull<()>,
    block: &'static ControlBlock,
    generation: u32,
    // The order matters: the place is free before the domain may be reclaimed.
    claim: Claim,
    _hold: Hold,
}

// SAFETY: the closure behind `body` is `Send`, and nothing else touches it.
unsafe impl Send for DomainThread {}

impl DomainThread {
    pub(super) fn new<F: FnOnce() + Send + 'static>(
        target: Target,
        claim: Claim,
        body: &Body<F>,
    ) -> Self {
        Self {
            run: run::<F>,
            body: body.erase(),
            block: target.block(),
            generation: target.expected().generation(),
            claim,
            _hold: Hold::new(target.block()),
        }
    }

    /// The index that the host parks and wakes this thread by, below [`MAX_THREADS`](super::MAX_THREADS).
    #[must_use]
    pub const fn index(&self) -> usize {
        self.claim.index
    }

    /// Runs the thread's closure in its domain. Returns when the closure has ended, or when its domain has died. The
    /// running thread must be one that the host started for this, and must act for the host.
    pub fn run(self) {
        self.claim.occupy();
        loop {
            // The state is read anew: a thread that `init` spawned may begin when its domain is already running.
            let word = self.block.word();
            let lives = matches!(
                word.state(),
                State::Starting | State::Running | State::Draining
            );
            if word.generation() != self.generation || !lives {
                return;
            }
            let (run, body) = (self.run, self.body);
            let target = Target::new(self.block, word);
            let mut refusal = Refusal::Dead;
            // SAFETY: the closure is called inside the domain that spawned this. `_hold` keeps that domain from being
            // reclaimed. The entry is let in once, so the body is taken once (THREAD-1).
            let body = |()| unsafe { run(body) };
            // SAFETY: the closure is the domain's own code and data (AUTH-1).
            let ended = unsafe {
                call::enter_on::<true, fn(()), _, _>(
                    thread::current(),
                    target,
                    (),
                    body,
                    &mut refusal,
                )
            };
            match ended {
                Err(Failure::Refused(())) if refusal == Refusal::StackExhausted => {
                    // This thread can never run it. A domain that waits for the closure must not wait for ever, so it
                    // dies.
                    let text = "a thread's stack is smaller than DomainSpec::stack";
                    let reason = ExitReason::new(ExitKind::Killed, text);
                    self.block.die(self.generation, &reason);
                    return;
                }
                Err(Failure::Refused(())) => {}
                _ => return,
            }
        }
    }
}

unsafe extern "Rust" {
    fn __samara_spawn_thread(thread: DomainThread) -> Result<(), DomainThread>;
}

/// Has the host start a thread. Also returns the time that this took, uncharged.
pub(super) fn spawn_thread(body: DomainThread) -> (Result<(), DomainThread>, Spent) {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    let spawn = || unsafe { __samara_spawn_thread(body) };
    // SAFETY: starting a thread is trusted code of the host; the domain's code runs on the new one (AUTH-8).
    unsafe { host_time::uncharged(spawn) }
}
