//! The errors of cross-domain calls and of starts.

use crate::exit_reason::ExitReason;
use core::fmt;
use samara_rref::{AllocError, Exchangeable, Transfer, TypeDescriptor};

/// Why a cross-domain call gave no result of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RpcError {
    /// The domain is not running: nothing was executed, and the arguments that would have moved are dropped.
    Dead,
    /// The domain died while it executed the call.
    Crashed,
    /// Recovery was refused: the dead domain is on the calling thread's own chain.
    OnOwnChain,
    /// The domain could not be restarted: its budget is used up, or `init` failed.
    RecoveryFailed,
    /// There was no memory to make a `#[scratch]` argument again.
    OutOfMemory,
    /// The caller has already recorded as many `#[replay]` calls as it may, or the object was opened through as many
    /// other objects as is allowed: nothing was executed.
    ReplayLogFull,
    /// The host keeps as much on the caller's behalf as it may
    /// ([`DomainSpec::host_quota`](crate::DomainSpec::host_quota)): nothing was executed.
    HostQuota,
    /// The domain already has as many shared objects as it may be given. Or the caller does, and the call may return
    /// objects. Nothing was executed, and the arguments that would have moved are dropped, as the caller's.
    OverQuota,
    /// The calling thread's stack has less room left than the domain asks for: nothing was executed, and the
    /// arguments that would have moved are dropped, as the caller's.
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

// SAFETY: plain data (CROSS-1).
unsafe impl Exchangeable for RpcError {
    const NESTED: bool = false;
    const DEPTH: usize = 0;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::of::<Self>("RpcError");
    #[inline]
    fn transfer(&self, _: &Transfer) {}
}

/// A reason inside an error. The reason is boxed, since a `Result` has room for its error also on success. Without an
/// allocator it is held by value.
#[cfg(feature = "alloc")]
pub type Reason = alloc::boxed::Box<ExitReason>;
/// A reason inside an error.
#[cfg(not(feature = "alloc"))]
pub type Reason = ExitReason;

/// A limit of a [`DomainSpec`](crate::DomainSpec) that the host cannot enforce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnenforcedLimit {
    /// A quota of the private heap: an allocation that exceeds the quota and cannot report its failure would end more
    /// than the domain.
    HeapQuota,
    /// A quota of the private heap: the domain has no private heap.
    NoPrivateHeap,
    /// A budget: there is no tick.
    Budget,
    /// A budget longer than 71 minutes.
    LongBudget,
    /// A stack requirement: the host does not tell where threads' stacks are.
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
                "DomainSpec::budget, which is longer than 71 minutes; ask for less, or for none"
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
    /// The spec has a limit that this host cannot enforce: nothing was started.
    UnenforcedLimit(UnenforcedLimit),
    /// The recipe could not make the arguments of `init`.
    Mint(Reason),
    /// `init` failed or crashed.
    Init(Reason),
    /// The restart budget is used up.
    BudgetExhausted,
    /// The old generation did not drain in time, and either its resources are needed or eight generations of the name
    /// have not drained. Or the caller may not wait that long, or the start needs another domain that is not
    /// available. No restart was spent.
    StillDraining,
    /// The host has stopped the domain, which stays stopped.
    Stopped,
    /// The calling thread's stack has too little room left to start the domain on, or for calls that its start makes:
    /// no restart was spent.
    StackExhausted,
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSlot => f.write_str("all domain slots are in use; stop a domain first"),
            Self::UnenforcedLimit(limit) => write!(f, "this host cannot enforce {limit}"),
            Self::Mint(reason) => write!(f, "the recipe could not make init's arguments: {reason}"),
            Self::Init(reason) => write!(f, "init failed: {reason}"),
            Self::BudgetExhausted => {
                f.write_str("the restart budget is used up; raise it or fix the domain")
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
