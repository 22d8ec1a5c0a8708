//! Returning unused pages to the host.

use crate::registry::{self, Registry};
use crate::{cache, runs};

/// Empties all caches and returns all empty slabs and free runs to the host.
pub fn trim() {
    cache::flush_all();
    runs::flush_all();
    registry::with(Registry::trim);
}

/// Returns how many bytes of pages the heap holds from the host.
#[must_use]
pub fn held_bytes() -> usize {
    registry::with(|registry| registry.held())
}
