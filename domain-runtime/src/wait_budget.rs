//! The waits of one call for others: together they have one share of the calling domain's budget.

use crate::back_off::delay;
use crate::{call, contain, error::RpcError, host, host_time};
use core::cell::Cell;
use core::time::Duration;
use samara_shared_heap::thread;

/// The time that one call has waited so far in its recoveries, and the time that it may still wait. Each wait is
/// counted against the budget of the domain that makes the call. If a wait lasts longer than it may because other
/// threads of the machine ran, the excess does not count.
///
/// The call's share is half of the budget that is left when the call first has to recover, or a 16th of the whole
/// budget if that is more. So the waits of one call cannot end a domain that has at least that share left. The share
/// also pays for the other costs of the call's recoveries.
#[derive(Debug)]
pub struct Waits {
    /// How much of the budget is used when the share is used up, in microseconds. `None` before the first recovery.
    end: Cell<Option<u32>>,
    /// The time waited for others' restarts and reclaims.
    waited: Cell<Duration>,
}

impl Waits {
    /// The waits of a call that has not waited yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            end: Cell::new(None),
            waited: Cell::new(Duration::ZERO),
        }
    }

    /// Returns the part of the share that is left; `None` if there is no limit.
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

    /// Runs `wait`, and passes it the time that it may last: the part of `longest` that earlier such waits of the
    /// call have left.
    pub(crate) fn counted<R>(&self, longest: Duration, wait: impl FnOnce(Duration) -> R) -> R {
        let (waited, began) = (self.waited.get(), host::now_ns());
        let done = wait(longest.saturating_sub(waited));
        let took = Duration::from_nanos(host::now_ns().saturating_sub(began));
        self.waited.set(waited.saturating_add(took));
        done
    }

    /// Runs `wait` at the expense of the call's share, and passes it the time that it may last. Called as the host,
    /// and `wait` is the runtime's own code.
    pub(crate) fn paid<R>(&self, wait: impl FnOnce(Option<Duration>) -> R) -> R {
        let share = self.left();
        let waited = || {
            // SAFETY: this is the runtime's own code, called as the host (AUTH-8).
            let (done, spent) = unsafe { host_time::uncharged(|| wait(share)) };
            if let Some(most) = share {
                contain::host_waited(spent.time.min(most));
            }
            done
        };
        // If this is part of a recovery further out, the time is counted here only.
        host_time::exclude_time(waited)
    }

    /// Backs off before a call is repeated that has crashed its domain `crashes` times, and yields to other threads
    /// meanwhile: 0, 1, 2, 4 … 100 ms.
    ///
    /// # Errors
    /// [`RpcError::Crashed`] at once if the wait is longer than the rest of the call's share, or than half of the
    /// budget that is left. So a domain may call a crashing domain as often as it likes, and these waits do not end
    /// the caller.
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
        // SAFETY: this is the runtime's own code (AUTH-8).
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
