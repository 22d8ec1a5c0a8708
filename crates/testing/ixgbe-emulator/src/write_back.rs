//! Writes descriptors and heads back to the driver, with the faults that a test injects.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::bus::Bus;
use crate::faults::WriteBack;

/// The number of write-backs that may wait. If there are more, the oldest are written before they are due.
const CAPACITY: usize = 1 << 16;

/// One write-back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    /// Both words of a descriptor.
    Descriptor {
        address: u64,
        words: [u64; 2],
        /// The done bit in the second word. It is written last, to tell the driver that all other bits are valid.
        done: u64,
        /// The queue and direction (true: transmit) whose interrupt cause is set after the write. `None` if no
        /// interrupt follows.
        news: Option<(u32, bool)>,
    },
    /// The head of a transmit ring (section 7.2.3.5.2).
    Head { address: u64, head: u32, queue: u32 },
}

impl Entry {
    /// Returns the queue and direction whose interrupt cause is set after the write.
    fn news(&self) -> Option<(u32, bool)> {
        match *self {
            Entry::Descriptor { news, .. } => news,
            Entry::Head { queue, .. } => Some((queue, true)),
        }
    }

    fn write(&self, bus: &mut Bus<'_>, flip: [u64; 2]) -> Result<(), crate::DmaError> {
        match *self {
            // The descriptor is written in two steps, of which the second changes only the done bit. So with any kind
            // of `GuestMemory` the driver never sees a done bit before the descriptor is complete.
            Entry::Descriptor {
                address,
                words,
                done,
                ..
            } => {
                let [low, high] = [words[0] ^ flip[0], words[1] ^ flip[1]];
                let mut bytes = [0; 16];
                bytes[..8].copy_from_slice(&low.to_le_bytes());
                bytes[8..].copy_from_slice(&(high & !done).to_le_bytes());
                bus.write(address, &bytes)?;
                bus.publish(address.wrapping_add(8), high)
            }
            Entry::Head { address, head, .. } => {
                bus.write(address, &(head ^ flip[0] as u32).to_le_bytes())
            }
        }
    }
}

/// The write-backs that are not yet done. A delayed one has the number of the step at whose end it is due.
#[derive(Clone, Debug, Default)]
pub(crate) struct WriteBacks {
    fresh: Vec<Entry>,
    delayed: VecDeque<(u64, Entry)>,
}

impl WriteBacks {
    pub(crate) fn push(&mut self, entry: Entry) {
        self.fresh.push(entry);
    }

    pub(crate) fn clear(&mut self) {
        self.fresh.clear();
        self.delayed.clear();
    }

    /// Whether write-backs wait for a later step.
    pub(crate) fn waiting(&self) -> bool {
        !self.delayed.is_empty()
    }

    /// Writes the entries that are due at the end of step `now`. Returns the queues and directions whose interrupt
    /// cause must be set, and the number of failed writes.
    pub(crate) fn flush(
        &mut self,
        bus: &mut Bus<'_>,
        fault: WriteBack,
        now: u64,
    ) -> (Vec<(u32, bool)>, u64) {
        let mut fresh = core::mem::take(&mut self.fresh);
        let mut due = Vec::new();
        if let WriteBack::Delayed(steps) = fault {
            let at = now + u64::from(steps.get());
            self.delayed
                .extend(fresh.drain(..).map(|entry| (at, entry)));
        }
        while let Some(&(at, entry)) = self.delayed.front() {
            if at > now && self.delayed.len() < CAPACITY {
                break;
            }
            due.push(entry);
            self.delayed.pop_front();
        }
        match fault {
            WriteBack::Reordered => due.extend(fresh.into_iter().rev()),
            WriteBack::Lost => {}
            _ => due.append(&mut fresh),
        }
        let flip = match fault {
            WriteBack::Corrupted(flip) => flip,
            _ => [0; 2],
        };
        let failed = due
            .iter()
            .filter(|entry| entry.write(bus, flip).is_err())
            .count();
        (due.iter().filter_map(Entry::news).collect(), failed as u64)
    }
}
