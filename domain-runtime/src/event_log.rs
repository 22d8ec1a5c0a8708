//! A bounded log of events, which a host reads at any time.
//!
//! The host declares a log (`static LOG: EventLog<128>`) and feeds it from its [`Events`](crate::host::Events). A
//! writer takes a ticket, and holds one slot's lock while it copies the record. A reader that is too slow learns how
//! many events it has missed.

use crate::event::Event;
use crate::exit_reason::ExitReason;
use crate::host;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::text::Text;
use core::time::Duration;
use samara_shared_heap::NoCutMutex;

/// An event by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The number of the event in this log; wraps.
    pub number: usize,
    /// When it was logged, by the host's clock.
    pub at: Duration,
    /// The name of the domain, or of the supervisor.
    pub name: Text<32>,
    /// The event.
    pub what: EventKind,
}

/// The kind of an event, with its data. See [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(
    clippy::large_enum_variant,
    reason = "a slot of the log is as large as its largest event, and nothing is allocated"
)]
pub enum EventKind {
    /// `init` returned; calls enter.
    Started {
        /// Slot index.
        id: usize,
        /// Generation of the slot.
        generation: u32,
    },
    /// The domain died.
    Died {
        /// Slot index.
        id: usize,
        /// Generation of the slot.
        generation: u32,
        /// Why.
        reason: ExitReason,
    },
    /// Everything that the domain had was released.
    Reclaimed {
        /// Slot index.
        id: usize,
        /// Generation of the slot.
        generation: u32,
        /// Shared objects freed.
        objects: usize,
        /// Capabilities quiesced and released.
        capabilities: usize,
        /// Bytes of private memory returned to the host.
        private_bytes: usize,
    },
    /// A new generation runs under the name of a dead one.
    Restarted {
        /// Slot index.
        id: usize,
        /// Generation of the slot.
        generation: u32,
        /// From the demand for recovery to the first call that can enter.
        took: Duration,
    },
    /// The domain stays dead: its budget does not allow another restart.
    BudgetExhausted,
    /// The supervisor's budget is used up: it ended all its children.
    GaveUp,
}

impl Record {
    // Inlined, since a record is as large as a reason.
    #[inline(always)]
    fn of(number: usize, event: &Event<'_>) -> Self {
        let at = match *event {
            Event::Died { at, .. } => at,
            _ => Duration::from_nanos(host::now_ns()),
        };
        let (name, what) = match *event {
            Event::Started {
                id,
                generation,
                name,
            } => (name, EventKind::Started { id, generation }),
            Event::Died {
                id,
                generation,
                name,
                reason,
                ..
            } => {
                let reason = *reason;
                (
                    name,
                    EventKind::Died {
                        id,
                        generation,
                        reason,
                    },
                )
            }
            Event::Reclaimed {
                id,
                generation,
                name,
                objects,
                capabilities,
                private_bytes,
            } => (
                name,
                EventKind::Reclaimed {
                    id,
                    generation,
                    objects,
                    capabilities,
                    private_bytes,
                },
            ),
            Event::Restarted {
                id,
                generation,
                name,
                took,
            } => (
                name,
                EventKind::Restarted {
                    id,
                    generation,
                    took,
                },
            ),
            Event::BudgetExhausted { name } => (name, EventKind::BudgetExhausted),
            Event::GaveUp { name } => (name, EventKind::GaveUp),
        };
        Self {
            number,
            at,
            name: Text::of(name),
            what,
        }
    }
}

/// The newest `N` events. `N` is a power of two.
///
/// ```
/// use samara_domain_runtime::{Cursor, Event, EventKind, EventLog};
///
/// static LOG: EventLog<4> = EventLog::new();
///
/// // A host feeds it from its `Events`.
/// LOG.push(&Event::Started { id: 1, generation: 1, name: "disk" });
/// LOG.push(&Event::BudgetExhausted { name: "disk" });
///
/// // Each reader has a cursor of its own.
/// let mut cursor = Cursor::default();
/// let first = LOG.read(&mut cursor).expect("an event");
/// assert_eq!((first.number, first.name.as_str()), (0, "disk"));
/// assert_eq!(first.what, EventKind::Started { id: 1, generation: 1 });
/// let second = LOG.read(&mut cursor).expect("an event");
/// assert_eq!(second.what, EventKind::BudgetExhausted);
/// assert_eq!(LOG.read(&mut cursor), None);
///
/// // A reader that is too slow learns how many events were overwritten.
/// for generation in 2..8 {
///     LOG.push(&Event::Started { id: 1, generation, name: "disk" });
/// }
/// let next = LOG.read(&mut cursor).expect("an event");
/// assert_eq!(next.what, EventKind::Started { id: 1, generation: 4 });
/// assert_eq!(cursor.lost, 2);
/// # use samara_host_std as _;
/// ```
#[derive(Debug)]
pub struct EventLog<const N: usize> {
    next: AtomicUsize,
    slots: [NoCutMutex<Option<Record>>; N],
}

/// A reader's place in a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    next: usize,
    /// How many events were overwritten before this reader saw them.
    pub lost: usize,
}

/// Whether ticket `a` was taken after ticket `b`: tickets wrap.
const fn is_later(a: usize, b: usize) -> bool {
    let ahead = a.wrapping_sub(b);
    ahead != 0 && ahead <= usize::MAX / 2
}

impl<const N: usize> EventLog<N> {
    /// An empty log.
    #[must_use]
    pub const fn new() -> Self {
        const {
            assert!(
                N.is_power_of_two(),
                "N must be a power of two: tickets wrap"
            )
        };
        Self {
            next: AtomicUsize::new(0),
            slots: [const {
                // SAFETY: the lock is held while a record is written or copied: trusted code in bounded time
                // (ORDER-54).
                unsafe { NoCutMutex::new(None) }
            }; N],
        }
    }

    /// Logs an event. Does not allocate, and waits for nothing but a writer or reader of the same slot.
    pub fn push(&self, event: &Event<'_>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut slot = self.slots[number % N].lock();
        // If other writers have overtaken this one by a whole round, the slot already has a newer event.
        if slot.is_none_or(|there| is_later(number, there.number)) {
            *slot = Some(Record::of(number, event));
        }
    }

    /// The reader's next event; `None` when there is none (yet).
    pub fn read(&self, cursor: &mut Cursor) -> Option<Record> {
        loop {
            let ahead = self.next.load(Ordering::Relaxed).wrapping_sub(cursor.next);
            if let Some(gone @ 1..) = ahead.checked_sub(N) {
                cursor.lost = cursor.lost.wrapping_add(gone);
                cursor.next = cursor.next.wrapping_add(gone);
            }
            let record = { *self.slots[cursor.next % N].lock() }?;
            if record.number == cursor.next {
                cursor.next = cursor.next.wrapping_add(1);
                return Some(record);
            }
            // If the record is older, the cursor's ticket was not taken, or its writer is still at work. If the
            // record is newer, the reader's event has just been overwritten, so the reader is more than `N` events
            // behind by now.
            if !is_later(record.number, cursor.next) {
                return None;
            }
        }
    }
}

impl<const N: usize> Default for EventLog<N> {
    fn default() -> Self {
        Self::new()
    }
}
