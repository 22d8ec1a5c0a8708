//! The specification of a domain: name, quotas, restarts.
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

/// The name of a domain and the limits of its resources.
///
/// Quotas hold for each generation. A dead generation that calls have not left keeps everything that it has, and up
/// to nine generations of a name may have something at a time ([`drain_timeout`](Self::drain_timeout)): so a name may
/// hold nine times its quotas. The threads of all its generations are limited together.
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
    /// A domain called `name` (truncated to 32 bytes), without quotas, never restarted.
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

    /// Limits the domain's private heap to `bytes` of committed memory, in whole pages, of which the allocator itself
    /// takes about 1 KiB. Beyond that limit, fallible allocations such as `try_reserve` fail, and an allocation that
    /// cannot report its failure kills the domain. A host that cannot enforce the limit refuses the spec:
    /// [`UnenforcedLimit::HeapQuota`].
    #[must_use]
    pub const fn heap_quota(mut self, bytes: usize) -> Self {
        self.heap_quota = Some(bytes);
        self
    }

    /// Limits the domain's allocations on the exchange heap to `bytes` of slots. At twice that size, the domain may
    /// not be handed further objects either: [`RpcError::OverQuota`](crate::RpcError::OverQuota).
    #[must_use]
    pub const fn shared_quota(mut self, bytes: usize) -> Self {
        self.shared.bytes = Some(bytes);
        self
    }

    /// Limits how many objects and capabilities the domain may have on the exchange heap, in the same way.
    #[must_use]
    pub const fn shared_objects(mut self, count: usize) -> Self {
        self.shared.objects = Some(count);
        self
    }

    /// Limits how many threads of its own the domain may have at a time (by default 16). Threads of its dead
    /// generations that are still inside other domains count too.
    #[must_use]
    pub const fn threads(mut self, count: u32) -> Self {
        self.threads = count;
        self
    }

    /// Restarts the domain after a crash. A failed start counts as a crash if it had everything that a start is
    /// promised. A start may lack [stack](Self::stack), another domain that it needs, or something that an earlier
    /// generation keeps because calls have not left it. Such failed starts spend no restart. They are tried as often
    /// as `policy` allows restarts, or 16 times a minute if that is more.
    #[must_use]
    pub const fn restart(mut self, policy: Restart) -> Self {
        self.restart = policy;
        self
    }

    /// Limits the memory that the host keeps on the domain's behalf to `bytes` (by default 64 KiB). The limit covers
    /// the `#[replay]` calls that the domain has made, and the ways back to objects that it has opened by such calls.
    /// Each counts with its arguments and with everything that it takes of the host's heap. Beyond the limit such a
    /// call is refused: [`RpcError::HostQuota`](crate::RpcError::HostQuota). All of it ends with the domain.
    #[must_use]
    pub const fn host_quota(mut self, bytes: usize) -> Self {
        self.host = bytes;
        self
    }

    /// Limits how many recorded `#[replay]` calls each domain that calls this one, and the host, may have (by default
    /// 64). A domain's calls leave the record when the domain ends.
    #[must_use]
    pub const fn replay_log(mut self, calls: usize) -> Self {
        self.replay_log = calls;
        self
    }

    /// Limits how long a call or a thread may run inside the domain without returning. Time in other domains that it
    /// calls is theirs. Its own time includes its calls of itself, its waits, the transfers of its calls, and the
    /// host's work on its behalf. A call back from another domain counts only for itself. A domain that runs longer
    /// dies: the host's periodic tick, whose period is also the precision, cuts it. By default there is no limit.
    /// More than 71 minutes, and any budget where there is no tick, are refused: [`UnenforcedLimit::LongBudget`] and
    /// [`UnenforcedLimit::Budget`].
    ///
    /// Cost: a call costs the same with and without a budget.
    #[must_use]
    pub const fn budget(mut self, time: Duration) -> Self {
        self.budget = Some(time);
        self.renews = false;
        self
    }

    /// As [`budget`](Self::budget), but limits the time between two waits (`park`, `yield_now`, `join`) of one call
    /// or thread, and not all of its time inside: for threads that serve for ever. The length of the waits is not
    /// limited.
    #[must_use]
    pub const fn budget_between_yields(mut self, time: Duration) -> Self {
        self.budget = Some(time);
        self.renews = true;
        self
    }

    /// Demands that a thread has at least `bytes` of its stack left when it enters, besides the bytes that the
    /// runtime takes ([`stack::RESERVE`](crate::stack::RESERVE)) and those [that the call moves by
    /// value](crate::stack::to_move). A call on a thread that has less is refused:
    /// [`RpcError::StackExhausted`](crate::RpcError::StackExhausted). Where the host has a
    /// [`StackProbe`](crate::host::StackProbe), the call may run on another stack instead. Nothing is demanded of
    /// threads whose stack the host has not recorded. A host that records none refuses the spec:
    /// [`UnenforcedLimit::Stack`].
    ///
    /// A start is promised these bytes and [`stack::START`](crate::stack::START) more, for recorded calls that are
    /// made again and for the functions that they and `init` call. It does not begin where a thread has less left. A
    /// call that the start makes may find too little room, if its callee demands more. If the start itself has used
    /// no more than it is promised by then, this counts as nobody's crash. If it has used more, it counts as the
    /// start's own crash, and a recorded call that has used that much is given up.
    ///
    /// Cost: one comparison in each call, for any demand.
    #[must_use]
    pub const fn stack(mut self, bytes: usize) -> Self {
        self.stack = bytes;
        self
    }

    /// Returns the first limit that a host which enforces `enforced` cannot enforce.
    pub(crate) fn unenforced_limit(&self, enforced: EnforcedLimits) -> Option<UnenforcedLimit> {
        let longest = Duration::from_micros(u64::from(u32::MAX));
        if self.heap_quota.is_some() && !enforced.heap_quota {
            Some(UnenforcedLimit::HeapQuota)
        } else if self.budget.is_some() && !enforced.budget {
            Some(UnenforcedLimit::Budget)
        } else if self.budget > Some(longest) {
            Some(UnenforcedLimit::LongBudget)
        } else if self.stack > 0 && !enforced.stack {
            Some(UnenforcedLimit::Stack)
        } else {
            None
        }
    }

    /// The budget in microseconds; 0 if there is none.
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

    /// Limits how long a name waits for calls that are still inside its dead generation (by default 10 s), from the
    /// first recovery that finds them there. If a recovery is made on behalf of a domain whose
    /// [`budget`](Self::budget) has less time left than this, the recovery ends earlier and starts nothing. After the
    /// timeout the name goes on without the old generation.
    #[must_use]
    pub const fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain = timeout;
        self
    }
}
