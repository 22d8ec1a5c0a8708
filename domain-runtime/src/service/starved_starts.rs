//! Starts that failed because they had less than a start is promised. Such a failure is not the domain's crash, so it
//! spends no restart. These starts are counted apart from restarts, since each is reported and takes time.

use crate::error::SpawnError;
use crate::restart_budget::Budget;
use crate::spec::Restart;
use core::time::Duration;
use samara_shared_heap::NoCutMutex;

/// How many such starts are tried at least.
const FEW: Restart = Restart::limited(16, Duration::from_secs(60));

/// Nanoseconds from one start that lacked another domain to the next, once the limit is reached.
const PAUSE_NS: u64 = 1_000_000_000;

/// The thing that a start lacked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shortage {
    /// Things that earlier generations still have: threads, slots, and anything else that they keep from others.
    Drained,
    /// This many bytes of stack on the thread that the start ran on.
    Stack(usize),
    /// Another domain, for which it waited.
    Another,
}

impl From<Shortage> for SpawnError {
    fn from(lack: Shortage) -> Self {
        match lack {
            Shortage::Drained | Shortage::Another => Self::StillDraining,
            Shortage::Stack(_) => Self::StackExhausted,
        }
    }
}

struct State {
    /// Starts that lacked something that earlier generations had.
    undrained: Budget,
    /// Starts that lacked stack.
    short: Budget,
    /// Starts that lacked another domain.
    alone: Budget,
    /// The time of the next try of a start that may lack another domain, if `alone` is spent. There is such a time
    /// because nobody reports that the other domain is available again.
    resumes: u64,
    /// Bytes of stack that would have been enough for the last start that lacked stack.
    needed: usize,
    /// The number of recorded calls at that time.
    recorded: usize,
}

/// The failed starts of one name. For each kind of shortage, as many starts are tried as the spec allows restarts, or
/// 16 a minute if that is more.
pub(super) struct StarvedStarts(NoCutMutex<State>);

impl StarvedStarts {
    pub(super) fn new(policy: Restart) -> Self {
        let policy = Restart {
            times: policy.times.max(FEW.times),
            within: policy.within.max(FEW.within),
        };
        let state = State {
            undrained: Budget::new(policy),
            short: Budget::new(policy),
            alone: Budget::new(policy),
            resumes: 0,
            needed: 0,
            recorded: 0,
        };
        // SAFETY: the lock is held over arithmetic only (ORDER-54).
        Self(unsafe { NoCutMutex::new(state) })
    }

    /// The bytes of stack that a start with `recorded` recorded calls is known to need; 0 if that is not known.
    pub(super) fn needed(&self, recorded: usize) -> usize {
        let state = self.0.lock();
        if state.recorded == recorded {
            state.needed
        } else {
            0
        }
    }

    /// Whether a start that is known to lack stack is tried at `now`.
    pub(super) fn may_be_short(&self, now: u64) -> bool {
        !self.0.lock().short.is_spent(now)
    }

    /// Whether a start is tried at `now` while earlier generations have not drained.
    pub(super) fn may_be_undrained(&self, now: u64) -> bool {
        !self.0.lock().undrained.is_spent(now)
    }

    /// Whether a start that may lack another domain is tried at `now`.
    pub(super) fn may_be_alone(&self, now: u64) -> bool {
        let mut state = self.0.lock();
        now >= state.resumes || !state.alone.is_spent(now)
    }

    /// Counts a start that failed at `now` for the given shortage, with so many `recorded` calls.
    pub(super) fn count(&self, lack: Shortage, recorded: usize, now: u64) {
        let mut state = self.0.lock();
        // `spend` may refuse this start, if it is beyond the limit: before the start failed, it was not known to be
        // starved.
        let _ = match lack {
            Shortage::Drained => state.undrained.spend(now),
            Shortage::Stack(needed) => {
                (state.needed, state.recorded) = (needed, recorded);
                state.short.spend(now)
            }
            Shortage::Another => {
                state.resumes = now.saturating_add(PAUSE_NS);
                state.alone.spend(now)
            }
        };
    }
}
