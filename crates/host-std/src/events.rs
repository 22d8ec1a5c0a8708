//! Where events go: nowhere, until the program sets a sink.

use crate::StdHost;
use samara_domain_runtime::Event;
use samara_domain_runtime::host::Events;
use std::sync::OnceLock;

type Sink = fn(&Event<'_>);

static SINK: OnceLock<Sink> = OnceLock::new();

/// Sets the function that gets every event from now on. The first one stays; returns whether it is
/// this one.
pub fn set_event_sink(sink: Sink) -> bool {
    SINK.set(sink).is_ok()
}

impl Events for StdHost {
    fn event(event: &Event<'_>) {
        if let Some(sink) = SINK.get() {
            sink(event);
        }
    }
}
