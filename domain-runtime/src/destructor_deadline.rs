//! Limits how long others wait for a domain's destructors.
//!
//! A destructor's budget counts only the time of its own domain, and not the time that it spends in calls of other
//! domains. So a thread that waits for destructors also notes the wait in its slot. Each tick on that thread checks
//! whether the wait has lasted too long, no matter whose time it was. If so, the domain is condemned. If the thread
//! is then in a call of another domain, it is cut where that call returns.

use crate::call::Target;
use crate::host;
use crate::primitive::atomic::Ordering::SeqCst;
use core::cell::Cell;
use core::ptr;
use core::sync::atomic::compiler_fence;
use samara_shared_heap::owner::MAX_OWNERS;
use samara_shared_heap::thread::{self, ThreadSlot};

/// How long one destructor may run, in budgets of its domain. The time of other domains that it calls counts too.
const BUDGETS: u64 = 4;

/// How long a wait may last by the clock, in budgets of the domain. The clock also counts the time of other threads
/// on the machine. With 64 threads ready on each CPU, a destructor that runs for less than one budget does not reach
/// this.
const BY_CLOCK: u64 = 64;

/// How many destructors are begun for each look at the clock, since a look may take longer than a destructor. In
/// between, only ticks look at the clock.
const UNSEEN: u32 = 8;

/// A wait for a domain's destructors.
#[derive(Debug)]
pub(crate) struct Patience {
    target: Target,
    /// The next wait further out on the thread, inside which this one lies.
    outer: Cell<*const Self>,
    /// The time after which no further destructor is begun, by the host's clock.
    last: u64,
    /// The time, on the host's clock, at which a destructor that is still running kills its domain.
    end: u64,
    /// The microseconds that one destructor may run. If it runs longer, its domain dies.
    most: u32,
    /// Microseconds that ticks have counted for the destructor that runs.
    ran: Cell<u32>,
    /// How many destructors were begun.
    begun: Cell<u32>,
    /// Whether a destructor runs now.
    is_inside: Cell<bool>,
    /// Whether the last tick came after the time to begin another destructor.
    is_late: Cell<bool>,
}

impl Patience {
    /// For a call of the domain, or a collection by the host: destructors are begun for the length of one budget.
    /// Unlimited for a domain without a budget.
    pub(crate) fn of_call(target: Target) -> Self {
        let budget_us = target.block().budget.load(SeqCst);
        if budget_us == 0 {
            return Self::new(target, u64::MAX, u64::MAX, u32::MAX);
        }
        let budget_ns = u64::from(budget_us).saturating_mul(1000);
        let now = host::now_ns();
        let in_budgets = |count: u64| now.saturating_add(budget_ns.saturating_mul(count));
        let most = budget_us.saturating_mul(BUDGETS as u32);
        Self::new(target, in_budgets(1), in_budgets(BY_CLOCK), most)
    }

    /// For an orderly stop: destructors of exported objects are begun until the stop's deadline. The domain's own
    /// object is dropped even after that. Each destructor may run as long as in a call; without a budget, until
    /// `grace` nanoseconds after the deadline.
    #[cfg(feature = "alloc")]
    pub(crate) fn of_stop(target: Target, deadline: u64, grace: u64) -> Self {
        let from = deadline.max(host::now_ns());
        let budget_us = target.block().budget.load(SeqCst);
        if budget_us == 0 {
            return Self::new(target, deadline, from.saturating_add(grace), u32::MAX);
        }
        let by_clock = u64::from(budget_us).saturating_mul(1000 * BY_CLOCK);
        let most = budget_us.saturating_mul(BUDGETS as u32);
        Self::new(target, deadline, from.saturating_add(by_clock), most)
    }

    const fn new(target: Target, last: u64, end: u64, most: u32) -> Self {
        Self {
            target,
            outer: Cell::new(ptr::null()),
            last,
            end,
            most,
            ran: Cell::new(0),
            begun: Cell::new(0),
            is_inside: Cell::new(false),
            is_late: Cell::new(false),
        }
    }

    /// The domain whose destructors are awaited.
    pub(crate) const fn target(&self) -> Target {
        self.target
    }

    /// Runs `wait` as the host, while ticks on this thread check the wait.
    ///
    /// # Safety
    /// As for [`thread::as_host`].
    pub(crate) unsafe fn during<R>(&self, wait: impl FnOnce() -> R) -> R {
        struct Ended(*const ());
        impl Drop for Ended {
            fn drop(&mut self) {
                // SAFETY: the wait that was noted before, which lies further out.
                unsafe { thread::current().set_awaited(self.0) };
                compiler_fence(SeqCst);
            }
        }
        let waits = || {
            let thread = thread::current();
            let outer = thread.awaited();
            self.outer.set(outer.cast());
            // A tick on this thread must find the wait complete.
            compiler_fence(SeqCst);
            let _ended = Ended(outer);
            // SAFETY: `self` is valid until `_ended` is dropped, which happens before `self` ends: a stretch of the
            // host's is not cut.
            unsafe { thread.set_awaited(ptr::from_ref(self).cast()) };
            wait()
        };
        // Runs as the host: a cut that gave up this frame would leave the wait noted on the thread.
        // SAFETY: handed on.
        unsafe { thread::as_host(waits) }
    }

    /// Runs `destructor`, an entry into the domain.
    pub(crate) fn enter<R>(&self, destructor: impl FnOnce() -> R) -> R {
        self.ran.set(0);
        self.begun.set(self.begun.get().wrapping_add(1));
        self.is_inside.set(true);
        let result = destructor();
        self.is_inside.set(false);
        result
    }

    /// Whether no further destructor is to begin.
    pub(crate) fn is_over(&self) -> bool {
        let looks = self.last != u64::MAX && self.begun.get().is_multiple_of(UNSEEN);
        self.is_late.get() || looks && host::now_ns() > self.last
    }

    /// Counts `more` microseconds at the time `now`. Returns whether the domain has kept others waiting for too long.
    fn tick(&self, more: u32, now: u64) -> bool {
        self.ran.set(self.ran.get().saturating_add(more));
        self.is_late.set(now > self.last);
        let is_overdue = self.ran.get() > self.most || now > self.end;
        is_overdue && self.is_inside.get() && !self.target.is_dead()
    }
}

/// Handles a tick on the running thread, which ran for `more` microseconds. Returns a domain whose destructors the
/// thread has awaited for too long. The number of waits on a thread is at most the number of domains, because no wait
/// is for a domain that the thread is already inside.
pub(crate) fn overdue(thread: &ThreadSlot, more: u32) -> Option<Target> {
    let first = thread.awaited().cast::<Patience>();
    if first.is_null() {
        return None;
    }
    let now = host::now_ns();
    // SAFETY: a wait that is noted lasts longer than anything that runs above it on the thread.
    let next = |at: &*const Patience| unsafe { at.as_ref() }.map(|wait| wait.outer.get());
    let waits = core::iter::successors(Some(first), next).take(MAX_OWNERS);
    // SAFETY: as above.
    let waits = waits.filter_map(|at| unsafe { at.as_ref() });
    // `fold`, since the tick counts for all noted waits.
    waits.fold(None, |found, wait| {
        let late = wait.tick(more, now).then_some(wait.target);
        found.or(late)
    })
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::{BUDGETS, BY_CLOCK, Patience};
    use crate::call::Target;
    use crate::control;
    use crate::primitive::atomic::Ordering::SeqCst;
    use samara_shared_heap::Owner;

    const BUDGET_US: u32 = 20_000;

    #[test]
    fn a_stop_awaits_a_destructor_like_a_call() {
        let _host = samara_testkit::hosted::host();
        let block = control::block(Owner::HOST);
        let _ = block.budget.swap(BUDGET_US, SeqCst);
        let deadline = crate::host::now_ns() + 1_000_000_000;
        let stop = Patience::of_stop(Target::new(block, block.word()), deadline, 1);
        block.budget.store(0, SeqCst);
        stop.enter(|| {
            // Only the clock has advanced: other threads of the machine have run.
            let late = deadline + u64::from(BUDGET_US) * 1000 * (BY_CLOCK - 1);
            assert!(!stop.tick(0, late));
            assert!(!stop.tick(BUDGET_US * BUDGETS as u32, deadline));
            assert!(stop.tick(1, deadline));
        });
        stop.enter(|| {
            assert!(!stop.tick(BUDGET_US, deadline), "each has its own time");
        });
    }
}
