//! What a cross-domain call and a spawn can fail with.

use crate::exit_reason::ExitReason;
use core::fmt;
use samara_rref::{AllocError, Exchangeable, Transfer, TypeDescriptor};

/// Why a cross-domain call gave no result of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RpcError {
    /// The domain is not running: nothing was executed, and what would have moved is dropped.
    Dead,
    /// The domain died while it executed the call.
    Crashed,
    /// Recovery was refused: the dead domain is on the calling thread's own chain.
    OnOwnChain,
    /// The domain could not be restarted: its budget is used up, or `init` failed.
    RecoveryFailed,
    /// There was no memory to make a `#[scratch]` argument again.
    OutOfMemory,
    /// The caller has as many `#[replay]` calls on the record as it may, or the object was opened through as many
    /// others as it may: nothing was executed.
    ReplayLogFull,
    /// The host keeps as much on the caller's behalf as it may ([`DomainSpec::host_quota`](crate::DomainSpec::host_quota)): nothing was executed.
    HostQuota,
    /// The domain, or its caller where the call may return objects, has so many shared objects that it may not
    /// be given more: nothing was executed, and what would have moved is dropped, as the caller's.
    OverQuota,
    /// The calling thread's stack has less room left than the domain asks for: nothing was executed, and
    /// what would have moved is dropped, as the caller's.
    StackExhausted,
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dead => "the domain is dead; get a new proxy after its restart",
            Self::Crashed => "the domain crashed during the call; its effects are unknown",
            Self::OnOwnChain => {
                "the dead domain is among the callers of this call; return to it first"
            }
            Self::RecoveryFailed => {
                "the domain could not be restarted; see its exit reason and budget"
            }
            Self::OutOfMemory => "no memory to repeat the call; free shared objects",
            Self::ReplayLogFull => {
                "the caller's record of calls to replay is full; raise DomainSpec::replay_log or call less"
            }
            Self::HostQuota => {
                "the host keeps as much for the caller as it may; drop opened objects, make fewer `#[replay]` calls, or raise its DomainSpec::host_quota"
            }
            Self::OverQuota => {
                "the domain or its caller is at twice its shared quota; let it free objects, lend it `&RRef`s, or raise DomainSpec::shared_quota"
            }
            Self::StackExhausted => {
                "the thread's stack is too short for the domain; call from less deep, on a thread with a larger stack, or lower DomainSpec::stack"
            }
        })
    }
}

impl core::error::Error for RpcError {}

impl From<AllocError> for RpcError {
    fn from(_: AllocError) -> Self {
        Self::OutOfMemory
    }
}

// SAFETY: plain data.
unsafe impl Exchangeable for RpcError {
    const NESTED: bool = false;
    const DEPTH: usize = 0;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::of::<Self>("RpcError");
    #[inline]
    fn transfer(&self, _: &Transfer) {}
}

/// A reason inside an error: boxed, since errors are returned on the way of successes too, and by
/// value where there is no allocator.
#[cfg(feature = "alloc")]
pub type Reason = alloc::boxed::Box<ExitReason>;
/// A reason inside an error.
#[cfg(not(feature = "alloc"))]
pub type Reason = ExitReason;

/// What of a [`DomainSpec`](crate::DomainSpec) a host can't keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnenforcedLimit {
    /// A private quota: an allocation that can't fail would end more than the domain.
    HeapQuota,
    /// A private quota: the domain has no private heap.
    NoPrivateHeap,
    /// A budget: there is no tick.
    Budget,
    /// A budget longer than 71 minutes.
    LongBudget,
    /// Stack: threads' stacks are not told.
    Stack,
}

impl fmt::Display for UnenforcedLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HeapQuota => {
                "DomainSpec::heap_quota, as an allocation that can't fail would end the process; contain its threads (samara_host_std::contained) or ask for no quota"
            }
            Self::NoPrivateHeap => {
                "DomainSpec::heap_quota, as the domain would have no private heap; declare DomainAlloc the global allocator and give each slot a stripe of Arenas::window"
            }
            Self::Budget => {
                "DomainSpec::budget, as there is no tick; contain its threads with ticks (samara_host_std::contained) or ask for no budget"
            }
            Self::LongBudget => {
                "DomainSpec::budget, of which 71 minutes are the most; ask for less, or for none"
            }
            Self::Stack => {
                "DomainSpec::stack, as threads' stacks are not known; contain its threads (samara_host_std::contained) or ask for no stack"
            }
        })
    }
}

impl core::error::Error for UnenforcedLimit {}

/// Why a domain could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpawnError {
    /// All domain slots are in use.
    NoSlot,
    /// The spec asks for what this host can't keep: nothing was started.
    UnenforcedLimit(UnenforcedLimit),
    /// The recipe could not make the arguments of `init`.
    Mint(Reason),
    /// `init` failed or crashed.
    Init(Reason),
    /// The restart budget is used up.
    BudgetExhausted,
    /// The old generation did not drain in time, and what it holds is needed or eight of the name are so already; or whoever
    /// asks may not wait that long. No restart was spent.
    StillDraining,
    /// The domain was stopped by the host and stays so.
    Stopped,
    /// The calling thread's stack has too little room left to start it on, or for what it calls in its start: no restart
    /// was spent.
    StackExhausted,
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSlot => f.write_str("all domain slots are in use; stop a domain first"),
            Self::UnenforcedLimit(what) => write!(f, "this host can't keep what the spec asks for: {what}"),
            Self::Mint(reason) => write!(f, "the recipe could not make init's arguments: {reason}"),
            Self::Init(reason) => write!(f, "init failed: {reason}"),
            Self::BudgetExhausted => {
                f.write_str("the restart budget is used up; raise it or mend the domain")
            }
            Self::StillDraining => f.write_str(
                "calls are still inside the old generation; end their callers, or raise DomainSpec::drain_timeout",
            ),
            Self::Stopped => f.write_str("the domain was stopped; spawn it anew"),
            Self::StackExhausted => f.write_str(
                "the thread's stack is too short to start the domain; restart it from less deep, or lower DomainSpec::stack",
            ),
        }
    }
}

impl core::error::Error for SpawnError {}
