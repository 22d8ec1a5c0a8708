//! One name over its generations: the recipe, the current instance, the restart budget, recovery.
//!
//! | module | concept |
//! |---|---|
//! | `recipe` | how a generation is started and torn down |
//! | `published` | the current instance, read without a lock |
//! | `start` | starts of a generation, and the shortage behind a failed one |
//! | `single_flight` | one restart or stop at a time |
//! | `undrained` | dead generations that calls have not left |
//! | `supervised` | a service as its supervisor sees it |
//! | `starved_starts` | starts that had less than they are promised |

mod published;
mod recipe;
mod single_flight;
mod start;
mod starved_starts;
mod supervised;
mod undrained;

pub(crate) use supervised::{Child, Health, Supervised};

use crate::blame;
use crate::call::{self, Target};
use crate::destructor_deadline::Patience;
use crate::error::{RpcError, SpawnError};
use crate::event::Event;
use crate::exit_reason::{ExitKind, ExitReason};
use crate::exits::Exits;
use crate::instance::Instance;
use crate::interface::{Implements, Interface};
use crate::journal::Journal;
use crate::mint::Mint;
use crate::primitive::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use crate::restart_budget::Budget;
use crate::spec::DomainSpec;
use crate::state::State;
use crate::wait_budget::Waits;
use crate::{contain, exports, host, host_time, reaper, threads};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::cell::Cell;
use core::fmt;
use core::time::Duration;
use published::Published;
use recipe::{Recipe, Start};
use samara_rref::Exchangeable;
use samara_shared_heap::NoCutMutex;
use samara_shared_heap::group::{self, Opener};
use samara_shared_heap::thread::{self, Wait};
use single_flight::{Flight, FlightWaiter};
use starved_starts::StarvedStarts;
use undrained::UndrainedGenerations;

/// Whether a dead generation may be followed by another.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum DesiredState {
    Wanted = 0,
    /// Its supervisor gave up: only a supervisor starts it again.
    GivenUp = 1,
    /// The host stopped it, for good.
    Stopped = 2,
}

/// The exit reason of a generation whose service was stopped while it started.
const NOT_WANTED: &str = "stopped in its start";

/// One name over its generations. Shared by the host's [`Domain`](crate::Domain) and by shadows.
pub struct Service<I: ?Sized + Interface> {
    spec: DomainSpec,
    recipe: Box<dyn Start<I>>,
    current: Published<I>,
    flight: Flight,
    undrained: UndrainedGenerations,
    starved: StarvedStarts,
    /// The generation that is being started: its `init`, or the replay of recorded calls on it, runs now.
    starting: NoCutMutex<Option<Target>>,
    /// A [`DesiredState`].
    standing: AtomicU8,
    budget: NoCutMutex<Budget>,
    restarts: AtomicU32,
    /// Whether an event since the last restart has reported that the budget is used up.
    exhaustion_reported: AtomicBool,
    exits: Arc<Exits>,
    /// The opener to which the groups of all generations are counted.
    opener: Opener,
    journal: Journal<I>,
}

impl<I: ?Sized + Interface> Service<I> {
    pub(crate) fn new<T, A, E>(
        spec: DomainSpec,
        init: fn(A) -> Result<T, E>,
        mint: Mint<A>,
    ) -> Result<Self, SpawnError>
    where
        I: Implements<T>,
        T: 'static,
        A: Exchangeable,
        E: fmt::Display + 'static,
    {
        let recipe: Box<dyn Start<I>> = Box::new(Recipe { init, mint });
        let exits = Arc::new(Exits::new());
        let opener = Opener::fresh();
        let begun = |target: Target| {
            // SAFETY: the spawner has the authority over the domain that it spawns.
            unsafe { group::count_for(target.owner(), opener) };
        };
        let first = recipe.start(&spec, 0, &exits, &begun)?;
        Ok(Self {
            spec,
            recipe,
            current: Published::new(first),
            flight: Flight::new(),
            undrained: UndrainedGenerations::new(),
            starved: StarvedStarts::new(spec.restart),
            // SAFETY: the lock is held while the target is copied or replaced (ORDER-54).
            starting: unsafe { NoCutMutex::new(None) },
            standing: AtomicU8::new(DesiredState::Wanted as u8),
            // SAFETY: the lock is held over arithmetic only (ORDER-54).
            budget: unsafe { NoCutMutex::new(Budget::new(spec.restart)) },
            restarts: AtomicU32::new(0),
            exhaustion_reported: AtomicBool::new(false),
            exits,
            opener,
            journal: Journal::new(spec.replay_log),
        })
    }

    /// The domain's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.spec.name.as_str()
    }

    pub(crate) fn exits(&self) -> &Exits {
        &self.exits
    }

    pub(crate) const fn spec(&self) -> &DomainSpec {
        &self.spec
    }

    /// The newest generation, running or not.
    #[inline]
    #[must_use]
    pub fn current(&self) -> Instance<I> {
        self.current.get()
    }

    /// The recorded calls, which are made on every new generation before any other.
    #[must_use]
    pub const fn journal(&self) -> &Journal<I> {
        &self.journal
    }

    /// How often the domain was restarted.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Makes sure, after a call of `dead` has failed, that there is a generation that can be entered. One thread
    /// restarts; the others wait, each for its turn. `waits` counts the time that one call waits for others'
    /// restarts, which the spec's drain timeout bounds. That timeout also bounds the wait for calls inside each
    /// generation that the call restarts. All these waits together are bounded by one share of the rest of the
    /// calling domain's budget.
    ///
    /// # Errors
    /// [`RpcError::OnOwnChain`] at once if the dead domain is among the 64 innermost frames of this call's chain, or
    /// if this thread is restarting it already. [`RpcError::StackExhausted`] if this thread's stack has no room for a
    /// restart. [`RpcError::RecoveryFailed`] if the domain cannot be started; at once if it is being stopped.
    #[cold]
    pub fn recover(&self, dead: Target, waits: &Waits) -> Result<(), RpcError> {
        if dead.is_on_own_chain() {
            return Err(RpcError::OnOwnChain);
        }
        // The host's error is converted to the caller's error inside `as_host`: a caller that is cut while it holds
        // the host's error leaks it.
        // SAFETY: recipes and the runtime are the host's; `init` and destructors of the domain run
        // only behind an entry of their own (AUTH-8).
        let recovered = unsafe { thread::as_host(|| self.recover_as_host(dead, waits)) };
        // The recovery may have used up the asker's budget.
        call::checkpoint();
        recovered
    }

    fn recover_as_host(&self, dead: Target, waits: &Waits) -> Result<(), RpcError> {
        // The reclaim comes before the wait for the flight, because that wait is charged to the asker and a reclaim
        // to nobody.
        reaper::reclaim_drained(dead, 0);
        if dead.is_being_reclaimed() {
            waits.counted(self.spec.drain, |most| {
                reaper::reclaim_drained(dead, self.deadline(most));
            });
        }
        if let Some(answer) = self.answer() {
            return answer;
        }
        if waits.are_used_up() {
            return Err(self.failed_recovery(&SpawnError::StillDraining));
        }
        let restart = || {
            self.answer()
                .unwrap_or_else(|| self.restart_for(dead, waits))
        };
        // A generation that ends the wait may be dead again by now. The call finds that out, and asks again.
        let seen = Cell::new(None);
        let is_answered = || {
            seen.set(self.answer());
            seen.get().is_some()
        };
        let done = self.in_turn(FlightWaiter::Caller, waits, is_answered, restart);
        let answer = done.or(seen.get()).or_else(|| self.answer());
        answer.unwrap_or_else(|| {
            Err(if self.flight.is_mine() {
                RpcError::OnOwnChain
            } else {
                self.failed_recovery(&SpawnError::StillDraining)
            })
        })
    }

    /// Returns the asker's answer if no restart is needed: success if the current generation can be entered, an error
    /// if the service is stopped for good, or about to be. Returns `None` if the current generation is dead and may
    /// be followed by another.
    fn answer(&self) -> Option<Result<(), RpcError>> {
        let current = self.current().target();
        if current.block().word() == current.expected() {
            return Some(Ok(()));
        }
        // For the asker, a generation that drains counts as stopped: its stop was noted before it began to drain.
        let is_stopped = self.standing() == DesiredState::Stopped;
        is_stopped.then(|| Err(self.failed_recovery(&SpawnError::Stopped)))
    }

    /// Restarts for a caller of `dead`. The thread holds the flight.
    fn restart_for(&self, dead: Target, waits: &Waits) -> Result<(), RpcError> {
        let old = self.current();
        // The current generation may be newer than `dead`, and may have died in its turn.
        if !old.target().is_same(&dead) && old.target().is_on_own_chain() {
            return Err(RpcError::OnOwnChain);
        }
        let restarted = self.restart_locked(old, waits);
        restarted.map_err(|error| self.failed_recovery(&error))
    }

    /// Ends the current generation if it runs, and starts the next one, within the restart budget.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub(crate) fn restart(&self) -> Result<(), SpawnError> {
        let reason = ExitReason::new(ExitKind::Killed, "restarted by the host");
        // Another restart may be stuck in an `init` that does not end.
        self.end_starting(&reason);
        self.exclusively(|| {
            let current = self.current();
            end(current.target(), &reason);
            self.restart_locked(current, &Waits::new())
        })
        .unwrap_or(Err(SpawnError::StillDraining))
    }

    /// Marks the newest generation dead, and also a generation that is being started. Returns whether either was
    /// alive.
    pub(crate) fn kill(&self) -> bool {
        self.kill_for("killed by the host")
    }

    fn kill_for(&self, why: &str) -> bool {
        let reason = ExitReason::new(ExitKind::Killed, why);
        let kill = || {
            let starting = self.end_starting(&reason);
            let current = self.current().target();
            let died = end(current, &reason);
            reaper::try_reclaim(current.block());
            starting || died
        };
        // Runs as the host: a thread that is cut in a reclaim would leave a slot that nobody frees.
        // SAFETY: this is the runtime's own code (AUTH-8).
        unsafe { thread::as_host(kill) }
    }

    /// Notes the generation whose `init` runs next. Ends that generation if the service is no longer wanted: an
    /// earlier stop found nothing to end.
    fn begun(&self, target: Target) {
        // SAFETY: as at the first start.
        unsafe { group::count_for(target.owner(), self.opener) };
        *self.starting.lock() = Some(target);
        if self.standing() != DesiredState::Wanted {
            end(target, &ExitReason::new(ExitKind::Killed, NOT_WANTED));
        }
    }

    fn end_starting(&self, reason: &ExitReason) -> bool {
        let starting = *self.starting.lock();
        starting.is_some_and(|starting| end(starting, reason))
    }

    /// Runs `action` on behalf of the host itself, while no other restart or stop of this service is in progress.
    /// Returns `None` if the restarts and stops of other threads last longer than the drain timeout, or if this
    /// thread has already begun one itself.
    fn exclusively<R>(&self, action: impl FnOnce() -> R) -> Option<R> {
        self.in_turn(FlightWaiter::Host, &Waits::new(), || false, action)
    }

    /// As [`exclusively`](Self::exclusively), for any asker. Returns `None` also if it `is_answered` meanwhile.
    fn in_turn<R>(
        &self,
        asker: FlightWaiter,
        waits: &Waits,
        is_answered: impl Fn() -> bool,
        action: impl FnOnce() -> R,
    ) -> Option<R> {
        // All of it runs as the host: a caller that is cut after the flight has begun would never end the flight.
        let alone = || {
            let begin = |deadline| self.flight.begin(asker, deadline, &is_answered);
            let wait = |most| self.waiting(waits, self.deadline(most), begin);
            let _ending = waits.counted(self.spec.drain, wait)?;
            Some(action())
        };
        // SAFETY: recipes and the runtime are the host's; `init` and destructors of the domain run
        // only behind an entry of their own (AUTH-8).
        unsafe { thread::as_host(alone) }
    }

    /// Waits until `end` at most, and for no longer than the share of `waits` allows: an asker that may not wait as
    /// long as needed is refused, but does not die of an overrun. `wait` gets the deadline.
    fn waiting<R>(&self, waits: &Waits, end: u64, wait: impl FnOnce(u64) -> R) -> R {
        waits.paid(|most| wait(most.map_or(end, |most| end.min(self.deadline(most)))))
    }

    fn deadline(&self, wait: Duration) -> u64 {
        let wait = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        host::now_ns().saturating_add(wait)
    }

    /// Starts the next generation, within the budget. The thread holds the flight. An attempt that neither starts a
    /// generation nor crashes is charged to the asking domain.
    fn restart_locked(&self, old: Instance<I>, waits: &Waits) -> Result<(), SpawnError> {
        let began = host::now_ns();
        self.leave(old, waits)?;
        loop {
            // If this is part of a recovery further out, the time is counted here only.
            match host_time::exclude_time(|| self.restart_counted(began)) {
                // A crash in `init` counts like any other: the budget ends the loop.
                Err(SpawnError::Init(_)) => {}
                done => return done,
            }
        }
    }

    /// Makes one attempt. If the attempt was in vain, its time is charged to the asker.
    fn restart_counted(&self, began: u64) -> Result<(), SpawnError> {
        // SAFETY: this is the runtime's own code, called as the host (AUTH-8).
        let (once, spent) = unsafe { host_time::uncharged(|| self.restart_once(began)) };
        if !matches!(once, Ok(()) | Err(SpawnError::Init(_))) {
            contain::host_worked(spent.time, spent.ticks);
        }
        once
    }

    /// Makes one attempt. The attempt spends a restart if it starts the domain, or if the start crashes.
    fn restart_once(&self, began: u64) -> Result<(), SpawnError> {
        if self.standing() != DesiredState::Wanted {
            return Err(SpawnError::Stopped);
        }
        if !self.spend_restart() {
            if !self.exhaustion_reported.swap(true, Ordering::Relaxed) {
                host::event(&Event::BudgetExhausted { name: self.name() });
            }
            return Err(SpawnError::BudgetExhausted);
        }
        let started = self.start_next(began);
        match &started {
            Ok(()) => self.exhaustion_reported.store(false, Ordering::Relaxed),
            Err(SpawnError::Init(_)) => {}
            // The start could not begin, so no restart was spent.
            Err(_) => self.budget.lock().give_back(),
        }
        started
    }

    /// Waits until the old generation is reclaimed, or until the drain timeout, when the name goes on without it.
    /// Refuses an asker whose `waits` do not allow that.
    fn leave(&self, old: Instance<I>, waits: &Waits) -> Result<(), SpawnError> {
        let dead = old.target();
        let patience = self
            .undrained
            .patience(dead, self.spec.drain_ns(), host::now_ns());
        let is_over = self.waiting(waits, patience, |deadline| {
            self.await_reclaim(old, deadline) || deadline == patience
        });
        if dead.is_reclaimed() || is_over && self.undrained.leave_behind(dead) {
            Ok(())
        } else {
            Err(SpawnError::StillDraining)
        }
    }

    /// Waits until the old generation is reclaimed, and polls the reaper. Returns false at the deadline, if it has
    /// not drained.
    fn await_reclaim(&self, old: Instance<I>, deadline: u64) -> bool {
        let target = old.target();
        loop {
            reaper::reclaim_drained(target, deadline);
            if target.is_reclaimed() {
                return true;
            }
            if host::now_ns() > deadline {
                return false;
            }
            blame::note_wait(Wait::Long);
            host::yield_now();
        }
    }

    /// The asker's error for a restart that failed.
    fn failed_recovery(&self, error: &SpawnError) -> RpcError {
        let may_be_had_later = match error {
            SpawnError::StackExhausted => return RpcError::StackExhausted,
            SpawnError::StillDraining | SpawnError::NoSlot | SpawnError::Mint(_) => true,
            SpawnError::BudgetExhausted => self.spec.restart.times > 0,
            // Its supervisor may start it again.
            SpawnError::Stopped => self.standing() == DesiredState::GivenUp,
            _ => false,
        };
        if may_be_had_later {
            blame::note_wait(Wait::Vain);
        }
        RpcError::RecoveryFailed
    }

    fn spend_restart(&self) -> bool {
        let now = host::now_ns();
        self.budget.lock().spend(now)
    }

    fn standing(&self) -> DesiredState {
        match self.standing.load(Ordering::Relaxed) {
            0 => DesiredState::Wanted,
            1 => DesiredState::GivenUp,
            _ => DesiredState::Stopped,
        }
    }

    /// Stops the domain in an orderly way: no call enters, those inside finish, its object is dropped, and everything
    /// that it had is reclaimed. It is not restarted any more.
    ///
    /// # Errors
    /// [`SpawnError::StillDraining`] if calls are still inside after `deadline`: the domain is then marked dead, and
    /// is reclaimed when they have left.
    pub(crate) fn stop(&self, deadline: Duration) -> Result<(), SpawnError> {
        let deadline = self.deadline(deadline);
        // Done at once, so that a restart in progress gives up. The generation that it starts is not needed.
        self.standing
            .store(DesiredState::Stopped as u8, Ordering::Relaxed);
        self.end_starting(&ExitReason::new(ExitKind::Killed, NOT_WANTED));
        self.exclusively(|| {
            let current = self.current();
            let (block, word) = (current.target().block(), current.target().expected());
            if let Some(draining) = block.step(word, State::Draining) {
                // A thread of the domain's own counts as a call inside. It learns of the stop when it parks.
                threads::wake_all(block.owner());
                while !block.is_drained() {
                    if host::now_ns() > deadline {
                        let reason = ExitReason::new(
                            ExitKind::DeadlinePassed,
                            "calls were still inside at the deadline",
                        );
                        block.die(word.generation(), &reason);
                        return Err(SpawnError::StillDraining);
                    }
                    host::yield_now();
                }
                let inside = Target::new(block, draining);
                let patience = Patience::of_stop(inside, deadline, self.spec.drain_ns());
                let object = Instance::new(inside, current.object());
                // First the exported objects without a proxy are dropped, then the domain's own object, then the
                // exported objects whose last proxy that object held.
                let drop_all = || {
                    exports::drop_all_posted(&patience);
                    patience.enter(|| self.recipe.tear_down(object));
                    exports::drop_all_posted(&patience);
                };
                // SAFETY: destructors run behind entries of their own.
                unsafe { patience.during(drop_all) };
                let reason = ExitReason::new(ExitKind::Stopped, "stopped by the host");
                block.die(word.generation(), &reason);
            }
            if self.await_reclaim(current, deadline) {
                Ok(())
            } else {
                Err(SpawnError::StillDraining)
            }
        })
        .unwrap_or(Err(SpawnError::StillDraining))
    }
}

/// Marks a generation dead. Returns whether it was alive.
fn end(target: Target, reason: &ExitReason) -> bool {
    target.block().die(target.expected().generation(), reason)
}

impl<I: ?Sized + Interface> fmt::Debug for Service<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("name", &self.spec.name)
            .field("restarts", &self.restarts())
            .finish_non_exhaustive()
    }
}
