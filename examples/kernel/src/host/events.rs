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

/// Prints a line for the event.
fn print(event: &Event<'_>) {
    match event {
        Event::Started {
            id,
            generation,
            name,
        } => println!("domain {id}.{generation} {name}: started"),
        Event::Died {
            id,
            generation,
            name,
            reason,
            ..
        } => println!("domain {id}.{generation} {name}: died: {reason}"),
        Event::Reclaimed {
            id,
            generation,
            name,
            objects,
            capabilities,
            private_bytes,
        } => println!(
            "domain {id}.{generation} {name}: reclaimed {objects} objects, \
             {capabilities} capabilities, {} pages",
            private_bytes / 4096
        ),
        Event::Restarted {
            id,
            generation,
            name,
            took,
        } => {
            println!("domain {id}.{generation} {name}: restarted in {took:?}");
        }
        _ => {}
    }
}
