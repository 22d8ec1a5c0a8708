//! Which limits a host can enforce.

/// The limits of a [`DomainSpec`](crate::DomainSpec) that a host enforces. A spec with a limit that the host does not
/// enforce is refused when the domain is spawned: [`UnenforcedLimit`](crate::UnenforcedLimit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnforcedLimits {
    /// If an allocation that cannot report its failure exceeds a domain's private quota, only that domain dies: the
    /// host hands the abort to [`contain`](crate::contain).
    pub heap_quota: bool,
    /// There is a periodic tick, which calls [`contain::tick`](crate::contain).
    pub budget: bool,
    /// The stacks of threads that call into domains are recorded in their slots, and an overflow is handed to
    /// [`contain`](crate::contain).
    pub stack: bool,
}

impl EnforcedLimits {
    /// No handlers, no tick.
    pub const NOTHING: Self = Self {
        heap_quota: false,
        budget: false,
        stack: false,
    };
    /// A kernel whose trap handlers call [`contain`](crate::contain).
    pub const EVERYTHING: Self = Self {
        heap_quota: true,
        budget: true,
        stack: true,
    };
}
