//! How long others wait for a domain's destructors.
//!
//! A destructor has a budget, which counts its domain's own time. One that spends its time in calls of other domains uses up
//! none of that. So who waits for destructors notes it on the thread, and each tick there looks whether it has waited for too
//! long, whoever's time that was: then the domain is condemned, and the thread is cut where the call that it is in returns to
//! that domain.

use crate::call::Target;
use crate::host;
use crate::primitive::atomic::Ordering::SeqCst;
use core::cell::Cell;
use core::ptr;
use core::sync::atomic::compiler_fence;
use samara_shared_heap::owner::MAX_OWNERS;
use samara_shared_heap::thread::{self, ThreadSlot};

/// How many budgets of its domain's one destructor may run, the time of others that it calls included.
const BUDGETS: u64 = 4;

/// How many pass by the clock, which also counts what others on the machine run meanwhile: with 64 threads that are ready on
/// each CPU, a destructor that runs for less than one budget does not get there.
const BY_CLOCK: u64 = 64;

/// How many destructors are begun without a look at the clock, which may take longer than they do. Ticks look meanwhile.
const UNSEEN: u32 = 8;

/// A wait for a domain's destructors.
#[derive(Debug)]
pub(crate) struct Patience {
    target: Target,
    /// The wait further out on the thread that this one is part of.
    outer: Cell<*const Self>,
    /// When none is begun any more, by the host's clock.
    last: u64,
    /// When one that still runs ends its domain, by the host's clock.
    end: u64,
    /// Microseconds that one may run before it ends its domain.
    most: u32,
    /// Those that ticks have counted of the one that runs.
    ran: Cell<u32>,
    /// How many were begun.
    begun: Cell<u32>,
    /// Whether one runs.
    is_inside: Cell<bool>,
    /// Whether a tick came after the time to begin another.
    is_late: Cell<bool>,
}

impl Patience {
    /// A call of the domain, or a collection by the host: destructors are begun for one budget. Without end for a domain that
    /// has no budget.
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

    /// An orderly stop: destructors are begun to its deadline, and the domain's own at last. Each may run as in a call; without a
    /// budget, for `grace` nanoseconds beyond the deadline.
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

    /// The domain that is waited for.
    pub(crate) const fn target(&self) -> Target {
        self.target
    }

    /// Runs `wait` as the host, while ticks on this thread look at it.
    ///
    /// # Safety
    /// As for [`thread::as_host`].
    pub(crate) unsafe fn during<R>(&self, wait: impl FnOnce() -> R) -> R {
        struct Ended(*const ());
        impl Drop for Ended {
            fn drop(&mut self) {
                // SAFETY: what was there before, which lies further out.
                unsafe { thread::current().set_awaited(self.0) };
                compiler_fence(SeqCst);
            }
        }
        let waits = || {
            let thread = thread::current();
            let outer = thread.awaited();
            self.outer.set(outer.cast());
            // A tick on this thread finds it whole.
            compiler_fence(SeqCst);
            let _ended = Ended(outer);
            // SAFETY: valid until `_ended`, which goes before this does: a stretch of the host's is not cut.
            unsafe { thread.set_awaited(ptr::from_ref(self).cast()) };
            wait()
        };
        // As the host: a cut that gave up this frame would leave it on the thread.
        // SAFETY: handed on.
        unsafe { thread::as_host(waits) }
    }

    /// Runs `destructor`, an entry of the domain's.
    pub(crate) fn enter<R>(&self, destructor: impl FnOnce() -> R) -> R {
        self.ran.set(0);
        self.begun.set(self.begun.get().wrapping_add(1));
        self.is_inside.set(true);
        let result = destructor();
        self.is_inside.set(false);
        result
    }

    /// Whether no other destructor is to begin.
    pub(crate) fn is_over(&self) -> bool {
        let looks = self.last != u64::MAX && self.begun.get().is_multiple_of(UNSEEN);
        self.is_late.get() || looks && host::now_ns() > self.last
    }

    /// Counts `more` microseconds at the time `now`. Whether the domain has kept others waiting for too long.
    fn tick(&self, more: u32, now: u64) -> bool {
        self.ran.set(self.ran.get().saturating_add(more));
        self.is_late.set(now > self.last);
        let is_overdue = self.ran.get() > self.most || now > self.end;
        is_overdue && self.is_inside.get() && !self.target.is_dead()
    }
}

/// A tick has interrupted the running thread, which ran for `more` microseconds: a domain whose destructors it has waited for
/// too long. For as many waits as there are domains at most, since none waits for one that is inside already.
pub(crate) fn overdue(thread: &ThreadSlot, more: u32) -> Option<Target> {
    let first = thread.awaited().cast::<Patience>();
    if first.is_null() {
        return None;
    }
    let now = host::now_ns();
    // SAFETY: waits that are noted last longer than what runs above them on the thread.
    let next = |at: &*const Patience| unsafe { at.as_ref() }.map(|wait| wait.outer.get());
    let waits = core::iter::successors(Some(first), next).take(MAX_OWNERS);
    // SAFETY: as above.
    let waits = waits.filter_map(|at| unsafe { at.as_ref() });
    // All of them count.
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
    fn a_stop_waits_as_long_for_one_destructor_as_a_call_does() {
        let _host = samara_testkit::hosted::host();
        let block = control::block(Owner::HOST);
        let _ = block.budget.swap(BUDGET_US, SeqCst);
        let deadline = crate::host::now_ns() + 1_000_000_000;
        let stop = Patience::of_stop(Target::new(block, block.word()), deadline, 1);
        block.budget.store(0, SeqCst);
        stop.enter(|| {
            // By the clock alone: others on the machine run.
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
