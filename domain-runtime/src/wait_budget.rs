//! Waits of one call for others: all of them together have one share of its domain's budget.

use crate::back_off::delay;
use crate::{call, contain, error::RpcError, host, host_time};
use core::cell::Cell;
use core::time::Duration;
use samara_shared_heap::thread;

/// The time that one call has waited so far in its recoveries, and the time that it may still wait. Each wait is counted against
/// the budget of the domain that makes the call. Turns of the machine's other threads are left out.
///
/// The call's share is half of the budget's rest when the call first had to recover, or a 16th of the whole budget if that is
/// more. So no call ends a domain that has so much left. Other costs of recoveries come off that share, too.
#[derive(Debug)]
pub struct Waits {
    /// How much of the budget is used when the share is, in microseconds. `None` before the first recovery.
    end: Cell<Option<u32>>,
    /// For others' restarts and reclaims.
    waited: Cell<Duration>,
}

impl Waits {
    /// Those of a call that has not waited.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            end: Cell::new(None),
            waited: Cell::new(Duration::ZERO),
        }
    }

    /// What is left of the share; `None` for no end.
    fn left(&self) -> Option<Duration> {
        let now = contain::host_may_wait()?;
        let first = || now.used.saturating_add(now.share);
        let end = self.end.get().unwrap_or_else(first);
        self.end.set(Some(end));
        Some(Duration::from_micros(end.saturating_sub(now.used).into()))
    }

    /// Whether nothing is left of the share.
    pub(crate) fn are_used_up(&self) -> bool {
        self.left() == Some(Duration::ZERO)
    }

    /// Runs `wait`, told how long it may last: what is left of `longest` for all such waits of the call together.
    pub(crate) fn counted<R>(&self, longest: Duration, wait: impl FnOnce(Duration) -> R) -> R {
        let (waited, began) = (self.waited.get(), host::now_ns());
        let done = wait(longest.saturating_sub(waited));
        let took = Duration::from_nanos(host::now_ns().saturating_sub(began));
        self.waited.set(waited.saturating_add(took));
        done
    }

    /// Runs `wait`, told how long it may last, at the expense of the call's share. Called as the host, and `wait` is the
    /// runtime's own.
    pub(crate) fn paid<R>(&self, wait: impl FnOnce(Option<Duration>) -> R) -> R {
        let share = self.left();
        let waited = || {
            // SAFETY: the runtime's own, called as the host.
            let (done, spent) = unsafe { host_time::uncharged(|| wait(share)) };
            if let Some(most) = share {
                contain::host_waited(spent.time.min(most));
            }
            done
        };
        // As part of a recovery further out it is counted here alone.
        host_time::exclude_time(waited)
    }

    /// Waits before a call is repeated that has crashed its domain `crashes` times, yielding to other threads: 0, 1, 2, 4 … 100 ms.
    ///
    /// # Errors
    /// [`RpcError::Crashed`] at once if the wait is longer than the rest of the call's share, or than half of the budget's rest. So a
    /// domain may call one that crashes as often as it likes, and is not ended by these waits.
    pub fn back_off(&self, crashes: u32) -> Result<(), RpcError> {
        let delay = delay(crashes);
        if delay == 0 {
            return Ok(());
        }
        let half = contain::host_may_wait().map(|now| Duration::from_micros((now.left / 2).into()));
        let most = self.left().zip(half).map(|(share, half)| share.min(half));
        if most.is_some_and(|most| most < Duration::from_nanos(delay)) {
            return Err(RpcError::Crashed);
        }
        let wait = |_| {
            let began = host::now_ns();
            while host::now_ns().saturating_sub(began) < delay {
                host::yield_now();
            }
        };
        // SAFETY: the runtime's own.
        unsafe { thread::as_host(|| self.paid(wait)) };
        call::checkpoint();
        Ok(())
    }
}

impl Default for Waits {
    fn default() -> Self {
        Self::new()
    }
}
