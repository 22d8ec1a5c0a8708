//! Which limits a host can enforce.

/// What a host enforced_limits of what a [`DomainSpec`](crate::DomainSpec) asks for. What it does not keep is refused
/// when the domain is spawned: [`UnenforcedLimit`](crate::UnenforcedLimit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnforcedLimits {
    /// A domain that goes beyond its private quota where it can't be told dies of it, and nobody else: the
    /// host hands such an abort to [`contain`](crate::contain).
    pub heap_quota: bool,
    /// There is a periodic tick, which asks [`contain::tick`](crate::contain).
    pub budget: bool,
    /// Threads that call into domains have told where their stacks are, and one that runs over is handed to
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
    /// A kernel that has [`contain`](crate::contain) asked by its trap handlers.
    pub const EVERYTHING: Self = Self {
        heap_quota: true,
        budget: true,
        stack: true,
    };
}
