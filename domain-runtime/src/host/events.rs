//! The sink for events.

use crate::event::Event;

/// Receives events. Called as the host, with no lock held, on the thread that caused the event; the domain's last
/// call may still be in progress on it. So a sink may look at domains and reap. It must not call into a domain, nor
/// wait for one (restart, stop): that wait would last to its deadline. The runtime catches a panic of the sink, after
/// the host's panic hook has seen it.
pub trait Events {
    /// Receives one event.
    fn event(event: &Event<'_>);
}
