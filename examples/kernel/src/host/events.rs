//! Events of domains: by default each is a line on the console. A program can set a sink of its own.

use samara::Event;
use samara::runtime::host::Events;

use super::KernelHost;
use crate::println;
use crate::sync::Lock;

/// Receives every event, on the thread that caused it, which acts for the host meanwhile.
pub(crate) type Sink = fn(&Event<'_>);

static SINK: Lock<Sink> = Lock::new(print);

/// Sets the sink of events. Before that, events are printed.
pub(crate) fn set_event_sink(sink: Sink) {
    *SINK.lock() = sink;
}

impl Events for KernelHost {
    fn event(event: &Event<'_>) {
        let sink = *SINK.lock();
        sink(event);
    }
}

fn print(event: &Event<'_>) {
    println!("{event}");
}
