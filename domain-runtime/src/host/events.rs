//! The sink for events.

use crate::event::Event;

/// Receives events. Called as the host, with no lock held, on the thread that caused the event; the last call of the
/// event's domain may still be in progress on that thread. So a sink may look at domains and reap. It must not call
/// into a domain, nor wait for one (restart, stop): that wait would last until its deadline. The runtime catches a
/// panic of the sink, after the host's panic hook has seen it.
pub trait Events {
    /// Receives one event.
    fn event(event: &Event<'_>);
}
