//! What each thread needs: a stack for its handlers, the bounds of its own, a timer.

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

/// Bytes of a handler's stack.
const HANDLER_STACK: usize = 128 << 10;

/// What all guards of the running thread have together: made with the first, taken back with the last.
#[derive(Clone, Copy)]
struct Held {
    guards: usize,
    /// How many of them asked for ticks.
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

/// Contains what strikes on the thread that made it, while it lives. A thread may have several and drop them in any
/// order: it is contained until the last is gone, and has ticks until the last that asked for them is.
#[derive(Debug)]
#[must_use = "dropping it ends the containment"]
pub struct Contained {
    ticks: bool,
    /// Of this thread only.
    stays: PhantomData<*const ()>,
}

/// Installs the signal handlers, once for the process.
///
/// # Panics
/// If they can't be installed; at every call then, since nothing inside the initialiser panics.
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
        "faults are not contained: no room for the program's own unwind tables, or a signal takes no handler"
    );
}

/// Contains what strikes on this thread from now on: faults and, with `ticks`, what overruns its budget
/// or is killed while it runs.
///
/// # Panics
/// If the system has no timer or no memory, or its signals take no handlers; on a thread that acts for a domain, which
/// has no such authority.
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
    /// Runs `call` on a clock that stands still but for the thread's yields: with each of them as much time passes, and then comes a
    /// tick that reports as much. So what the thread waits does not depend on the machine. `then` is told how many turns are over;
    /// the thread that yields calls it, as it calls [`Threads`](samara_domain_runtime::host::Threads).
    ///
    /// Returns also the number of turns.
    ///
    /// # Panics
    /// If the thread has a real tick, or such a clock already.
    pub fn by_turns<R>(&self, each: Duration, then: fn(u64), call: impl FnOnce() -> R) -> (R, u64) {
        assert!(
            !has_timer() && yield_clock::now().is_none(),
            "the clock of this thread runs by itself: take `stepping`, and one clock of turns at a time"
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
            // SAFETY: this thread's timer, taken out and deleted once.
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
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches nothing of ours.
        let stack = unsafe { libc::mmap(ptr::null_mut(), HANDLER_STACK, memory, flags, -1, 0) };
        assert_ne!(stack, libc::MAP_FAILED, "no memory for a handler's stack");
        let alternate = libc::stack_t {
            ss_sp: stack,
            ss_flags: 0,
            ss_size: HANDLER_STACK,
        };
        // SAFETY: all zeroes is a valid description.
        let mut previous = unsafe { mem::zeroed::<libc::stack_t>() };
        // SAFETY: fresh memory, which is unmapped only after the previous stack is back.
        let code = unsafe { libc::sigaltstack(&raw const alternate, &raw mut previous) };
        assert_eq!(code, 0, "the handler's stack is refused");
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
        // SAFETY: what was there before; no handler runs on this thread now.
        unsafe { libc::sigaltstack(&raw const self.previous, ptr::null_mut()) };
        // SAFETY: this thread's mapping, no longer anybody's stack. A tick that is still on its way finds
        // the previous stack.
        unsafe { libc::munmap(self.stack, HANDLER_STACK) };
    }
}

/// The running thread's stack, and the pages that guard it.
fn own_stack() -> (Range<usize>, Range<usize>) {
    // SAFETY: all zeroes may be filled in.
    let mut attributes = unsafe { mem::zeroed::<pthread_attr_t>() };
    // SAFETY: no arguments.
    let me = unsafe { libc::pthread_self() };
    // SAFETY: fills the attributes of the running thread in.
    let code = unsafe { libc::pthread_getattr_np(me, &raw mut attributes) };
    assert_eq!(code, 0, "the thread's stack is not known");
    let (mut start, mut size, mut guard) = (ptr::null_mut(), 0, 0);
    // SAFETY: attributes that were filled in above.
    unsafe { libc::pthread_attr_getstack(&raw const attributes, &raw mut start, &raw mut size) };
    // SAFETY: as above.
    unsafe { libc::pthread_attr_getguardsize(&raw const attributes, &raw mut guard) };
    // SAFETY: as above; not used any more.
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
    // SAFETY: no arguments.
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
    // SAFETY: the timer made above.
    let code = unsafe { libc::timer_settime(timer, 0, &raw const period, ptr::null_mut()) };
    assert_eq!(code, 0, "the timer does not start");
    timer
}
