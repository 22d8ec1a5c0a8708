//! Events in the lives of domains, for a host that logs them.

use crate::exit_reason::ExitReason;
use core::fmt;
use core::time::Duration;

/// One event of a domain's life. Delivered on the thread that caused it, as the host. It is displayed as one line of a
/// log.
///
/// ```
/// # use samara_host_std as _;
/// use samara_domain_runtime::Event;
///
/// let event = Event::Started { id: 1, generation: 4, name: "disk" };
/// assert_eq!(event.to_string(), "domain 1.4 disk: started");
/// ```
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

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Started {
                id,
                generation,
                name,
            } => write!(f, "domain {id}.{generation} {name}: started"),
            Self::Died {
                id,
                generation,
                name,
                reason,
                ..
            } => write!(f, "domain {id}.{generation} {name}: died: {reason}"),
            Self::Reclaimed {
                id,
                generation,
                name,
                objects,
                capabilities,
                private_bytes,
            } => write!(
                f,
                "domain {id}.{generation} {name}: reclaimed {objects} objects, {capabilities} capabilities, \
                 {private_bytes} bytes of private memory"
            ),
            Self::Restarted {
                id,
                generation,
                name,
                took,
            } => write!(f, "domain {id}.{generation} {name}: restarted in {took:?}"),
            Self::BudgetExhausted { name } => write!(
                f,
                "domain {name}: stays dead, because its restarts are used up; raise `DomainSpec::restart`"
            ),
            Self::GaveUp { name } => write!(
                f,
                "supervisor {name}: gave up, because its restarts are used up; all its children have ended"
            ),
        }
    }
}
