//! No backend, so that a library builds without choosing one. The final binary decides what a panic does.

/// Whether the destructors between a panic and its boundary run. Meaningless here, because there is no boundary.
pub const RUNS_DESTRUCTORS: bool = true;

/// The payload of a contained panic. Never made, because no panic is contained.
#[derive(Debug)]
pub struct Payload(core::convert::Infallible);

impl Payload {
    /// Never called.
    pub fn dispose(self) {
        match self.0 {}
    }
}

/// Runs `f`. Without a backend a panic inside does not end here.
///
/// # Errors
/// None.
#[inline]
pub fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
    Ok(f())
}

/// Panics, because there is no backend.
///
/// # Panics
/// Always: without a backend there is no boundary to unwind to.
pub fn raise() -> ! {
    panic!(
        "no unwind backend: enable `std`, `dwarf` or `jump` of samara-unwind in the final binary"
    )
}

/// Never called: there is no payload.
pub fn resume(payload: Payload) -> ! {
    match payload.0 {}
}

#[cfg(samara_tables)]
pub(crate) fn raise_cut_within(_: core::ops::Range<usize>) -> ! {
    raise()
}

/// Always false.
#[must_use]
pub fn is_unwinding() -> bool {
    false
}
