//! Events in the lives of domains, for a host that logs them.

use crate::exit_reason::ExitReason;
use core::time::Duration;

/// One event of a domain's life. Delivered on the thread that caused it, as the host.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// `init` returned; calls enter.
    Started {
        /// Slot index.
        id: usize,
        /// Generation of the slot.
        generation: u32,
        /// The domain's name.
        name: &'a str,
    },
    /// The domain died.
    Died {
        /// Slot index.
        id: usize,
        /// Generation of the slot.
        generation: u32,
        /// The domain's name.
        name: &'a str,
        /// Why.
        reason: &'a ExitReason,
        /// When, by the host's clock.
        at: Duration,
    },
    /// Everything that the domain had was released.
    Reclaimed {
        /// Slot index.
        id: usize,
        /// Generation of the slot.
        generation: u32,
        /// The domain's name.
        name: &'a str,
        /// Shared objects freed.
        objects: usize,
        /// Capabilities quiesced and released.
        capabilities: usize,
        /// Bytes of private memory returned to the host.
        private_bytes: usize,
    },
    /// A new generation runs under the name of a dead one.
    Restarted {
        /// Slot index.
        id: usize,
        /// Generation of the slot.
        generation: u32,
        /// The domain's name.
        name: &'a str,
        /// From the demand for recovery to the first call that can enter.
        took: Duration,
    },
    /// The domain stays dead: its budget does not allow another restart.
    BudgetExhausted {
        /// The domain's name.
        name: &'a str,
    },
    /// The supervisor's budget is used up: it ended all its children.
    GaveUp {
        /// The supervisor's name.
        name: &'a str,
    },
}
