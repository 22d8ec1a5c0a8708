//! The state of each contained thread: a stack for its handlers, the bounds of its own stack, and a timer.

use super::ticks::{PERIOD, say_ticking};
use super::{bounds, handlers, reserve, signals, yield_clock};
use crate::authority;
use libc::{c_void, pthread_attr_t};
use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::OnceLock;
use std::time::Duration;
use std::{mem, ptr};

/// The size of a handler's stack in bytes.
const HANDLER_STACK: usize = 128 << 10;

/// The state that all guards of the running thread share. It is set up with the first guard and torn down with the
/// last.
#[derive(Clone, Copy)]
struct Held {
    guards: usize,
    /// The number of guards that asked for ticks.
    ticking: usize,
    timer: Option<libc::timer_t>,
    stack: *mut c_void,
    previous: libc::stack_t,
}

std::thread_local! {
    static HELD: Cell<Option<Held>> = const { Cell::new(None) };
}

/// Whether the running thread has a periodic tick.
fn has_timer() -> bool {
    HELD.get().is_some_and(|held| held.timer.is_some())
}

/// A guard that contains faults on the thread that made it, and gives the thread ticks if they were asked for. A
/// thread may have several guards and drop them in any order. It is contained until the last guard is dropped, and
/// has ticks until the last guard that asked for ticks is dropped.
#[derive(Debug)]
#[must_use = "dropping it ends the containment"]
pub struct Contained {
    ticks: bool,
    /// Keeps the guard on its thread.
    stays: PhantomData<*const ()>,
}

/// Installs the signal handlers, once for the process.
///
/// # Panics
/// If the handlers can't be installed. Every later call then panics, too, because the failure is remembered.
fn install() {
    static DONE: OnceLock<bool> = OnceLock::new();
    let is_done = *DONE.get_or_init(|| {
        handlers::install(|run| {
            let _contained = contained(true);
            run();
        })
    });
    assert!(
        is_done,
        "faults are not contained: there is no room for the program's unwind tables, or the system refuses a signal handler"
    );
}

/// Contains faults on this thread from now on. With `ticks`, also ends domains that overrun their budget or are
/// killed while they run.
///
/// # Panics
/// If the system has no timer or no memory left, if it refuses the signal handlers, or if there is no room for the
/// program's unwind tables. On a thread that acts for a domain, which has no such authority.
pub fn contained(ticks: bool) -> Contained {
    authority::demand("contained::contained");
    install();
    let held = HELD.get().unwrap_or_else(Held::set_up);
    HELD.set(Some(Held {
        guards: held.guards.strict_add(1),
        ..held
    }));
    let mut contained = Contained {
        ticks: false,
        stays: PhantomData,
    };
    if ticks {
        contained.start_ticks();
        say_ticking();
    }
    contained
}

impl Contained {
    fn start_ticks(&mut self) {
        if let Some(held) = HELD.get() {
            let timer = held.timer.unwrap_or_else(start_timer);
            HELD.set(Some(Held {
                ticking: held.ticking.strict_add(1),
                timer: Some(timer),
                ..held
            }));
            self.ticks = true;
        }
    }
}

impl Contained {
    /// Runs `call` on a clock of turns, which advances only when the thread yields. So the thread's waits do not
    /// depend on the machine's speed. Each yield ends a turn: it advances the clock by `each`, calls `then` with the
    /// number of turns that are over, and then raises a tick that reports `each`. `then` runs inside the yield, where
    /// the rules for methods of [`Threads`](samara_domain_runtime::host::Threads) apply.
    ///
    /// Returns the result of `call` and the number of turns.
    ///
    /// # Panics
    /// If the thread has a timer, or already has a clock of turns.
    pub fn by_turns<R>(&self, each: Duration, then: fn(u64), call: impl FnOnce() -> R) -> (R, u64) {
        assert!(
            !has_timer() && yield_clock::now().is_none(),
            "this thread has a timer or a clock of turns already: use `stepping`, and one clock of turns at a time"
        );
        yield_clock::run(each, then, call)
    }
}

impl Drop for Contained {
    fn drop(&mut self) {
        let Some(mut held) = HELD.take() else {
            return;
        };
        held.guards = held.guards.strict_sub(1);
        held.ticking = held.ticking.strict_sub(usize::from(self.ticks));
        if held.ticking == 0
            && let Some(timer) = held.timer.take()
        {
            // SAFETY: this thread's timer, which was taken out and is deleted once.
            unsafe { libc::timer_delete(timer) };
        }
        if held.guards > 0 {
            HELD.set(Some(held));
        } else {
            held.tear_down();
        }
    }
}

impl Held {
    fn set_up() -> Self {
        let (own, guard) = own_stack();
        let memory = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches no memory of ours.
        let stack = unsafe { libc::mmap(ptr::null_mut(), HANDLER_STACK, memory, flags, -1, 0) };
        assert_ne!(stack, libc::MAP_FAILED, "no memory for a handler's stack");
        let alternate = libc::stack_t {
            ss_sp: stack,
            ss_flags: 0,
            ss_size: HANDLER_STACK,
        };
        // SAFETY: all zeroes is a valid description.
        let mut previous = unsafe { mem::zeroed::<libc::stack_t>() };
        // SAFETY: fresh memory, which is unmapped only after the previous stack is set again.
        let code = unsafe { libc::sigaltstack(&raw const alternate, &raw mut previous) };
        assert_eq!(code, 0, "the system refuses the handler's stack");
        bounds::set_guard(guard);
        reserve::set_up(own);
        Self {
            guards: 0,
            ticking: 0,
            timer: None,
            stack,
            previous,
        }
    }

    fn tear_down(self) {
        reserve::tear_down();
        // SAFETY: the stack that was set before; no handler runs on this thread now.
        unsafe { libc::sigaltstack(&raw const self.previous, ptr::null_mut()) };
        // SAFETY: this thread's mapping, which is no stack any more. A tick that is still pending runs on the
        // previous stack.
        unsafe { libc::munmap(self.stack, HANDLER_STACK) };
    }
}

/// Returns the running thread's stack and its guard pages.
fn own_stack() -> (Range<usize>, Range<usize>) {
    // SAFETY: all zeroes may be filled in.
    let mut attributes = unsafe { mem::zeroed::<pthread_attr_t>() };
    // SAFETY: takes no arguments.
    let me = unsafe { libc::pthread_self() };
    // SAFETY: fills in the attributes of the running thread.
    let code = unsafe { libc::pthread_getattr_np(me, &raw mut attributes) };
    assert_eq!(code, 0, "the system does not know the thread's stack");
    let (mut start, mut size, mut guard) = (ptr::null_mut(), 0, 0);
    // SAFETY: the attributes were filled in above.
    unsafe { libc::pthread_attr_getstack(&raw const attributes, &raw mut start, &raw mut size) };
    // SAFETY: as above.
    unsafe { libc::pthread_attr_getguardsize(&raw const attributes, &raw mut guard) };
    // SAFETY: the attributes were filled in above, and are not used any more.
    unsafe { libc::pthread_attr_destroy(&raw mut attributes) };
    let start = start.addr();
    (
        start..start.strict_add(size),
        start.saturating_sub(guard)..start,
    )
}

fn start_timer() -> libc::timer_t {
    // SAFETY: all zeroes is a valid request, filled in below.
    let mut event = unsafe { mem::zeroed::<libc::sigevent>() };
    event.sigev_notify = libc::SIGEV_THREAD_ID;
    event.sigev_signo = signals::tick();
    // SAFETY: takes no arguments.
    event.sigev_notify_thread_id = unsafe { libc::gettid() };
    let mut timer = ptr::null_mut();
    // SAFETY: a request for a signal that has a handler.
    let code = unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) };
    assert_eq!(code, 0, "the system has no timer left");
    let period = libc::timespec {
        tv_sec: 0,
        tv_nsec: PERIOD.subsec_nanos().into(),
    };
    let period = libc::itimerspec {
        it_interval: period,
        it_value: period,
    };
    // SAFETY: the timer that was made above.
    let code = unsafe { libc::timer_settime(timer, 0, &raw const period, ptr::null_mut()) };
    assert_eq!(code, 0, "the system does not start the timer");
    timer
}
