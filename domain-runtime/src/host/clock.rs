//! Time.

/// A monotonic clock.
///
/// # Safety
/// [`now_ns`](Self::now_ns) is called on threads of domains, both on a domain's behalf and half-way out of a domain.
/// [`contain::tick`](crate::contain) calls it wherever a tick interrupts a thread, also inside
/// [`now_ns`](Self::now_ns). So `now_ns` does not panic, calls into no domain and takes no lock. It allocates
/// nothing, since the memory would be the domain's, and would be released with the domain.
pub unsafe trait Clock {
    /// Nanoseconds since some fixed point.
    fn now_ns() -> u64;
}
