//! Pages that the heap keeps beyond what is in use.

use crate::registry::{self, Registry};
use crate::{cache, runs};

/// Returns cached slots and runs, and empty slabs, to the host.
pub fn trim() {
    cache::flush_all();
    runs::flush_all();
    registry::with(Registry::trim);
}

/// Bytes of pages that the heap holds from the host.
#[must_use]
pub fn held_bytes() -> usize {
    registry::with(|registry| registry.held())
}
