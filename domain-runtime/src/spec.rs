//! What a domain is allowed: name, quotas, restarts.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use crate::error::UnenforcedLimit;
use crate::host::EnforcedLimits;
use crate::text::Text;
use core::time::Duration;
use samara_shared_heap::quota::Limits;

/// How often a crashed domain is restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    pub(crate) times: u32,
    pub(crate) within: Duration,
}

impl Restart {
    /// Never.
    #[must_use]
    pub const fn never() -> Self {
        Self::limited(0, Duration::ZERO)
    }

    /// At most `times` restarts within any stretch of `within`.
    #[must_use]
    pub const fn limited(times: u32, within: Duration) -> Self {
        Self { times, within }
    }
}

/// What a domain is called and what it may use.
///
/// Quotas are each generation's. A dead one that calls have not left keeps what it has, and up to nine of a name do
/// ([`drain_timeout`](Self::drain_timeout)): a name may hold nine times its quotas. Its threads are limited together.
#[derive(Clone, Copy, Debug)]
pub struct DomainSpec {
    pub(crate) name: Text<32>,
    pub(crate) heap_quota: Option<usize>,
    pub(crate) shared: Limits,
    pub(crate) threads: u32,
    pub(crate) restart: Restart,
    pub(crate) drain: Duration,
    pub(crate) replay_log: usize,
    pub(crate) host: usize,
    pub(crate) budget: Option<Duration>,
    pub(crate) renews: bool,
    pub(crate) stack: usize,
}

impl DomainSpec {
    /// A domain called `name` (cut to 32 bytes), without quotas, never restarted.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: Text::of(name),
            heap_quota: None,
            shared: Limits {
                bytes: None,
                objects: None,
            },
            threads: 16,
            restart: Restart::never(),
            drain: Duration::from_secs(10),
            replay_log: 64,
            host: 64 << 10,
            budget: None,
            renews: false,
            stack: 0,
        }
    }

    /// Limits its private heap to `bytes` of committed memory: so many whole pages, of which the allocator itself takes
    /// about 1 KiB. Beyond it `try_reserve` and its kin fail; an
    /// allocation that can't fail is the domain's death. Refused where the host can't keep that:
    /// [`UnenforcedLimit::HeapQuota`].
    #[must_use]
    pub const fn heap_quota(mut self, bytes: usize) -> Self {
        self.heap_quota = Some(bytes);
        self
    }

    /// Limits what it may allocate on the exchange heap to `bytes` of slots. At twice that it is handed
    /// nothing more either: [`RpcError::OverQuota`](crate::RpcError::OverQuota).
    #[must_use]
    pub const fn shared_quota(mut self, bytes: usize) -> Self {
        self.shared.bytes = Some(bytes);
        self
    }

    /// Limits how many objects and capabilities it may have there, in the same way.
    #[must_use]
    pub const fn shared_objects(mut self, count: usize) -> Self {
        self.shared.objects = Some(count);
        self
    }

    /// Limits how many threads it may have spawned at a time (16). Those count that dead generations of it have left
    /// inside other domains.
    #[must_use]
    pub const fn threads(mut self, count: u32) -> Self {
        self.threads = count;
        self
    }

    /// Restarts it after a crash. A start that fails is one, if it had what it is promised: its
    /// [stack](Self::stack), and nothing kept from it by an earlier generation that calls have not
    /// left. Other starts that fail spend no restart. They are tried as often as `policy` allows restarts, or 16 times a minute if that is more.
    #[must_use]
    pub const fn restart(mut self, policy: Restart) -> Self {
        self.restart = policy;
        self
    }

    /// Limits what the host keeps on its behalf to `bytes` (64 KiB): the `#[replay]` calls that it has made, and
    /// the way back to objects that it has opened by them, each with its arguments and all that it takes of the
    /// host's heap. Beyond that such a call is refused: [`RpcError::HostQuota`](crate::RpcError::HostQuota). All of it ends with the
    /// domain.
    #[must_use]
    pub const fn host_quota(mut self, bytes: usize) -> Self {
        self.host = bytes;
        self
    }

    /// How many `#[replay]` calls each domain that calls this one, and the host, may have on the record (64). A
    /// domain's calls leave the record when it ends.
    #[must_use]
    pub const fn replay_log(mut self, calls: usize) -> Self {
        self.replay_log = calls;
        self
    }

    /// Limits how long a call or a thread may run inside it without returning. Time in other domains that it calls is
    /// theirs. Its own time includes calls of itself (a call that another domain makes back counts for itself alone), waits, the
    /// transfers of its calls, and the host's work on its behalf. A domain that runs longer dies: the host's periodic tick, which is also the precision, cuts it. By default
    /// there is no limit. More than 71 minutes, and any budget where there is no tick, are refused: [`UnenforcedLimit::Budget`].
    ///
    /// Cost: none on the way of a call.
    #[must_use]
    pub const fn budget(mut self, time: Duration) -> Self {
        self.budget = Some(time);
        self.renews = false;
        self
    }

    /// [`restart_budget`](Self::budget), but of the time between two waits (`park`, `yield_now`, `join`) of one call or
    /// thread, not of all of its time inside: for threads that serve for ever. How long they wait is not limited.
    #[must_use]
    pub const fn budget_between_yields(mut self, time: Duration) -> Self {
        self.budget = Some(time);
        self.renews = true;
        self
    }

    /// Demands that a thread has at least `bytes` of its stack left when it enters, beside what the
    /// runtime takes ([`stack::RESERVE`](crate::stack::RESERVE), and [what the call moves by value](crate::stack::to_move)). One that has less is refused:
    /// [`RpcError::StackExhausted`](crate::RpcError::StackExhausted); or goes on elsewhere, where the host
    /// has a [`StackProbe`](crate::host::StackProbe). Nothing is asked of threads whose stack the host has not told;
    /// a host that tells none refuses the spec: [`UnenforcedLimit::Stack`].
    ///
    /// A start is promised as much, and [`stack::START`](crate::stack::START) more for the calls that are made again and for
    /// what they and `init` call. It isn't begun where a thread has less left. Where one that is begun lacks
    /// room further in, for a domain that asks for more, that is nobody's crash as long as the start itself has used no more than
    /// it is promised. After that it is its own, and a recorded call that used so much is given up.
    ///
    /// Cost: a call compares, whatever is demanded.
    #[must_use]
    pub const fn stack(mut self, bytes: usize) -> Self {
        self.stack = bytes;
        self
    }

    /// The first thing that a host which keeps `keeps` can't.
    pub(crate) fn unenforced_limit(&self, keeps: EnforcedLimits) -> Option<UnenforcedLimit> {
        let longest = Duration::from_micros(u64::from(u32::MAX));
        if self.heap_quota.is_some() && !keeps.heap_quota {
            Some(UnenforcedLimit::HeapQuota)
        } else if self.budget.is_some() && !keeps.budget {
            Some(UnenforcedLimit::Budget)
        } else if self.budget > Some(longest) {
            Some(UnenforcedLimit::LongBudget)
        } else if self.stack > 0 && !keeps.stack {
            Some(UnenforcedLimit::Stack)
        } else {
            None
        }
    }

    /// In microseconds, 0 for none.
    pub(crate) fn budget_us(&self) -> u32 {
        self.budget.map_or(0, |time| {
            u32::try_from(time.as_micros()).unwrap_or(u32::MAX).max(1)
        })
    }

    /// The drain timeout in nanoseconds.
    #[cfg(feature = "alloc")]
    pub(crate) fn drain_ns(&self) -> u64 {
        u64::try_from(self.drain.as_nanos()).unwrap_or(u64::MAX)
    }

    /// How long a name waits for calls that are still inside its dead generation (10 s), from the first recovery that
    /// finds them there. A recovery on behalf of a domain that has less [`restart_budget`](Self::budget) left ends
    /// earlier, and starts nothing. After the timeout the name goes on without the old generation.
    #[must_use]
    pub const fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain = timeout;
        self
    }
}
