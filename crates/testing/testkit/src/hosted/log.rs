//! A log of events by domain name. A domain's slot can be reused at once, but each test uses names of its own.

use samara_domain_runtime::{Event, ExitReason, Runtime};
use samara_shared_heap::thread;
use std::string::{String, ToString};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::vec::Vec;

/// The amounts that one reclaim has released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// The slot index of the domain.
    pub id: usize,
    /// The generation that was reclaimed.
    pub generation: u32,
    /// Shared objects freed.
    pub objects: usize,
    /// Capabilities released.
    pub capabilities: usize,
    /// Bytes of private memory returned.
    pub private_bytes: usize,
}

#[derive(Default)]
struct Log {
    reclaims: Vec<(String, Released)>,
    deaths: Vec<(String, ExitReason)>,
}

static LOG: Mutex<Log> = Mutex::new(Log {
    reclaims: Vec::new(),
    deaths: Vec::new(),
});

fn with<R>(use_it: impl FnOnce(&mut Log) -> R) -> R {
    use_it(&mut LOG.lock().unwrap_or_else(|poison| poison.into_inner()))
}

/// The number of events that were not delivered on behalf of the host.
static FOREIGN: AtomicUsize = AtomicUsize::new(0);

fn record(event: &Event<'_>) {
    if !thread::current().owner().is_host() {
        FOREIGN.fetch_add(1, SeqCst);
    }
    match *event {
        Event::Died { name, reason, .. } => {
            with(|log| log.deaths.push((name.to_string(), *reason)));
        }
        Event::Reclaimed {
            id,
            generation,
            name,
            objects,
            capabilities,
            private_bytes,
        } => {
            let released = Released {
                id,
                generation,
                objects,
                capabilities,
                private_bytes,
            };
            with(|log| log.reclaims.push((name.to_string(), released)));
        }
        _ => {}
    }
}

/// Returns the authority over the domains of this process, and records their events from the first call on.
#[must_use]
pub fn host() -> Runtime {
    // Only the first sink that is set takes effect. Every call sets the same sink, so this does no harm.
    samara_host_std::set_event_sink(record);
    samara_host_std::runtime()
}

/// Returns the reclaims of domains called `name`, oldest first.
#[must_use]
pub fn reclaims(name: &str) -> Vec<Released> {
    let of_name = |(of, released): &(String, Released)| (of == name).then_some(*released);
    with(|log| log.reclaims.iter().filter_map(of_name).collect())
}

/// Returns the reasons for which domains called `name` died, oldest first.
#[must_use]
pub fn deaths(name: &str) -> Vec<ExitReason> {
    let of_name = |(of, reason): &(String, ExitReason)| (of == name).then_some(*reason);
    with(|log| log.deaths.iter().filter_map(of_name).collect())
}

/// Returns how many events were delivered on behalf of a domain. This must be 0, because otherwise memory of the host's
/// log would lie in that domain's heap.
#[must_use]
pub fn foreign_events() -> usize {
    FOREIGN.load(SeqCst)
}

/// Reaps until at least `count` reclaims of domains called `name` are in the log. Returns all of them.
///
/// # Panics
/// If they do not come before the watchdog's limit.
#[must_use]
pub fn await_reclaims(name: &str, count: usize) -> Vec<Released> {
    let host = host();
    super::wait_until("the domain's reclaim", || {
        host.reap();
        reclaims(name).len() >= count
    });
    reclaims(name)
}
