//! Time.

/// A monotonic clock.
///
/// # Safety
/// [`now_ns`](Self::now_ns) is called on threads of domains, on their behalf, half-way out of a domain, and by
/// [`contain::tick`](crate::contain) wherever that interrupts a thread, also in [`now_ns`](Self::now_ns). So it does
/// not panic, calls into no domain and takes no lock. It allocates nothing, since a domain's death would release
/// that.
pub unsafe trait Clock {
    /// Nanoseconds since some fixed point.
    fn now_ns() -> u64;
}
