//! The sink for events.

use crate::event::Event;

/// Receives events. Called as the host, with no lock held, on the thread that caused the event; the domain's last
/// call may still be in progress on it. So a sink may look at domains and reap. It must not call into a domain, nor
/// wait for one (restart, stop): that wait would last to its deadline. A panic ends here, after the host's panic hook
/// has seen it.
pub trait Events {
    /// Something happened to a domain.
    fn event(event: &Event<'_>);
}
