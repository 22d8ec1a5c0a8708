//! Starts that were given less than a domain is promised, and failed: nobody's crash, so no restart is spent. They
//! are counted exclude_time, since each is told and takes time.

use crate::error::SpawnError;
use crate::restart_budget::Budget;
use crate::spec::Restart;
use core::time::Duration;
use samara_shared_heap::NoCutMutex;

/// How many are tried at least.
const FEW: Restart = Restart::limited(16, Duration::from_secs(60));

/// Nanoseconds from one start that lacked another domain to the next, once as many were tried.
const PAUSE_NS: u64 = 1_000_000_000;

/// What a start was without.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shortage {
    /// What earlier generations have still: threads, slots, and whatever else they keep from others.
    Drained,
    /// So many bytes of stack, on the thread that it ran on.
    Stack(usize),
    /// Another domain, which it waited for.
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
    /// Those that lacked what earlier generations had.
    undrained: Budget,
    /// Those that lacked stack.
    short: Budget,
    /// Those that lacked another domain.
    alone: Budget,
    /// When the next one of them is tried if those are spent: nobody tells when the other domain is there again.
    resumes: u64,
    /// Bytes that the last one of them would have found enough.
    needed: usize,
    /// The calls that were recorded then.
    recorded: usize,
}

/// Those of one name. Of each kind as many are tried as its spec allows restarts, or 16 a minute if that is more.
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
        // SAFETY: arithmetic.
        Self(unsafe { NoCutMutex::new(state) })
    }

    /// Bytes of stack that a start with so many `recorded` calls is known to need; 0 if it is not known.
    pub(super) fn needed(&self, recorded: usize) -> usize {
        let state = self.0.lock();
        if state.recorded == recorded {
            state.needed
        } else {
            0
        }
    }

    /// Whether one is tried at `now` that is known to lack stack.
    pub(super) fn may_be_short(&self, now: u64) -> bool {
        !self.0.lock().short.is_spent(now)
    }

    /// Whether one is tried at `now` while earlier generations are not drained.
    pub(super) fn may_be_undrained(&self, now: u64) -> bool {
        !self.0.lock().undrained.is_spent(now)
    }

    /// Whether one is tried at `now` that may lack another domain.
    pub(super) fn may_be_alone(&self, now: u64) -> bool {
        let mut state = self.0.lock();
        now >= state.resumes || !state.alone.is_spent(now)
    }

    /// Counts one that failed at `now` for what it lacked, with so many `recorded` calls.
    pub(super) fn count(&self, lack: Shortage, recorded: usize, now: u64) {
        let mut state = self.0.lock();
        // Beyond the limit it was not known to be one before it failed.
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
