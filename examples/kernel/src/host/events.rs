//! What happens to domains, a line each on the console.

use samara::Event;
use samara::runtime::host::Events;

use super::KernelHost;
use crate::println;

impl Events for KernelHost {
    fn event(event: &Event<'_>) {
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
            } => println!("domain {id}.{generation} {name}: died: {reason}"),
            Event::Reclaimed {
                id,
                generation,
                name,
                objects,
                capabilities,
                private_bytes,
            } => println!(
                "domain {id}.{generation} {name}: reclaimed {objects} objects, {capabilities} capabilities, {} pages",
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
}
