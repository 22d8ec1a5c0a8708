//! The destinations of events: a log, and the sink that the program sets.

use crate::{StdHost, authority};
use samara_domain_runtime::host::Events;
use samara_domain_runtime::{Event, EventLog};
use std::sync::OnceLock;

type Sink = fn(&Event<'_>);

static SINK: OnceLock<Sink> = OnceLock::new();

/// Sets the function that gets every event from now on. Only the first call has an effect. Returns whether this call
/// was the first.
///
/// # Panics
/// On a thread that acts for a domain, which has no such authority.
pub fn set_event_sink(sink: Sink) -> bool {
    authority::demand("set_event_sink");
    SINK.set(sink).is_ok()
}

/// The newest events of this process, kept whether or not there is a sink.
static LOG: EventLog<256> = EventLog::new();

/// Returns the event log. Read it with a cursor of your own, at any time.
///
/// # Panics
/// On a thread that acts for a domain, because the domain could add events that never happened.
pub fn event_log() -> &'static EventLog<256> {
    authority::demand("event_log");
    &LOG
}

impl Events for StdHost {
    fn event(event: &Event<'_>) {
        LOG.push(event);
        if let Some(sink) = SINK.get() {
            sink(event);
        }
    }
}
