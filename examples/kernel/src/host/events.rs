//! Events of domains. By default each event is printed as a line on the console; a program can set a sink of its own.

use samara::Event;
use samara::runtime::host::Events;

use super::KernelHost;
use crate::println;
use crate::sync::Lock;

/// A function that receives every event. It runs on the thread that caused the event, while that thread acts for the
/// host.
pub(crate) type Sink = fn(&Event<'_>);

static SINK: Lock<Sink> = Lock::new(print);

/// Sets the sink of events. Until the first call, events are printed.
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
