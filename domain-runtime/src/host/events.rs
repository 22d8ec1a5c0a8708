//! The sink for events.

use crate::event::Event;

/// Where events go. Called as the host, with no lock held, on the thread that caused the event; it may
/// be inside the domain's last call still. So a sink may look at domains and reap, but must not call
/// into a domain, or wait for one (restart, stop): the wait would last to its deadline. A panic ends
/// here, after the host's panic hook has seen it.
pub trait Events {
    /// Something happened to a domain.
    fn event(event: &Event<'_>);
}
