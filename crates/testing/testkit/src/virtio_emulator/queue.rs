//! The device's side of a split virtqueue (§2.7): it takes chains and gives them back.

use std::vec::Vec;

use super::chain::{Chain, Span};
use super::counts::{Fault, Violation};
use crate::device_memory::{Memory, Stray};

/// The vector field's value if no vector is mapped (§4.1.5.1.2).
pub(super) const NO_VECTOR: u16 = 0xFFFF;

const NEXT: u16 = 1;
const WRITE: u16 = 2;
const INDIRECT: u16 = 4;
/// Bit 0 of the available ring's flags: the driver asks for no used buffer notifications (§2.7.7).
const NO_INTERRUPT: u16 = 1;

/// One queue: its fields in the common configuration, and the device's positions in its rings.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) size: u16,
    pub(super) enabled: bool,
    pub(super) descriptors: u64,
    pub(super) driver: u64,
    pub(super) device: u64,
    pub(super) vector: u16,
    /// Whether the queue was notified, and the device has not found it empty since. The device looks only at queues
    /// of which this is true.
    pub(super) notified: bool,
    /// Heads of the chains that the device has taken and not given back.
    pub(super) in_flight: Vec<u16>,
    /// Heads that the device skips, once each, when it finds them in the available ring.
    disowned: Vec<u16>,
    /// The device's position in the available ring.
    available: u16,
    /// The device's position in the used ring.
    used: u16,
}

fn read_u16(memory: &Memory, bus: u64) -> Result<u16, Stray> {
    let mut bytes = [0; 2];
    memory.read(bus, &mut bytes)?;
    Ok(u16::from_le_bytes(bytes))
}

impl Queue {
    pub(super) fn new(size: u16) -> Self {
        Self {
            size,
            enabled: false,
            descriptors: 0,
            driver: 0,
            device: 0,
            vector: NO_VECTOR,
            notified: false,
            in_flight: Vec::new(),
            disowned: Vec::new(),
            available: 0,
            used: 0,
        }
    }

    /// Whether the three parts of the queue are aligned (§2.7.1).
    pub(super) fn is_aligned(&self) -> bool {
        self.descriptors.is_multiple_of(16)
            && self.driver.is_multiple_of(2)
            && self.device.is_multiple_of(4)
    }

    /// Returns the bus address of entry `index` of `ring`, whose entries are `bytes` long.
    fn entry(&self, ring: u64, index: u16, bytes: u64) -> u64 {
        // An enabled queue has a size, so the remainder exists.
        let slot = index.checked_rem(self.size).unwrap_or(0);
        ring.wrapping_add(4 + bytes * u64::from(slot))
    }

    /// Takes the next available chain. Returns `None` if the queue was not notified or is empty.
    pub(super) fn take(&mut self, memory: &Memory) -> Result<Option<Chain>, Fault> {
        if !self.enabled || !self.notified {
            return Ok(None);
        }
        let index = read_u16(memory, self.driver.wrapping_add(2))?;
        let waiting = index.wrapping_sub(self.available);
        if waiting == 0 {
            self.notified = false;
            return Ok(None);
        }
        if waiting > self.size {
            return Err(Violation::AvailIndex.into());
        }
        let head = read_u16(memory, self.entry(self.driver, self.available, 2))?;
        if head >= self.size {
            return Err(Violation::HeadOutOfRange.into());
        }
        if let Some(at) = self.disowned.iter().position(|&other| other == head) {
            self.disowned.remove(at);
            self.available = self.available.wrapping_add(1);
            return self.take(memory);
        }
        if self.in_flight.contains(&head) {
            return Err(Violation::HeadInFlight.into());
        }
        let chain = self.walk(memory, head)?;
        self.available = self.available.wrapping_add(1);
        self.in_flight.push(head);
        Ok(Some(chain))
    }

    /// Makes the device leave alone the chain with head `id`, which it has wrongly reported as used. If the device has
    /// the chain, it forgets it. Otherwise it skips the chain when the driver makes it available.
    pub(super) fn disown(&mut self, id: u32) {
        let Some(head) = u16::try_from(id).ok().filter(|&head| head < self.size) else {
            return;
        };
        if self.in_flight.contains(&head) {
            self.in_flight.retain(|&other| other != head);
        } else {
            self.disowned.push(head);
        }
    }

    /// Puts the chain that was taken last back into the available ring, because the device can't use it now.
    pub(super) fn untake(&mut self) {
        if self.in_flight.pop().is_some() {
            self.available = self.available.wrapping_sub(1);
        }
    }

    fn walk(&self, memory: &Memory, head: u16) -> Result<Chain, Fault> {
        let (mut readable, mut writable) = (Vec::new(), Vec::new());
        let mut at = head;
        for _ in 0..self.size {
            let mut bytes = [0; 16];
            let descriptor = self.descriptors.wrapping_add(16 * u64::from(at));
            memory.read(descriptor, &mut bytes)?;
            let half = |i: usize| u16::from_le_bytes([bytes[i], bytes[i + 1]]);
            let word = |i: usize| u32::from(half(i + 2)) << 16 | u32::from(half(i));
            let span = Span {
                bus: u64::from(word(4)) << 32 | u64::from(word(0)),
                length: word(8),
            };
            let (flags, next) = (half(12), half(14));
            if flags & INDIRECT != 0 {
                return Err(Violation::Indirect.into());
            }
            if span.length == 0 {
                return Err(Violation::EmptyElement.into());
            }
            if !memory.reaches(span.bus, span.length as usize) {
                return Err(Fault::Stray);
            }
            if flags & WRITE != 0 {
                writable.push(span);
            } else if writable.is_empty() {
                readable.push(span);
            } else {
                return Err(Violation::ElementOrder.into());
            }
            if flags & NEXT == 0 {
                return Ok(Chain {
                    head,
                    readable,
                    writable,
                });
            }
            if next >= self.size {
                return Err(Violation::NextOutOfRange.into());
            }
            at = next;
        }
        Err(Violation::ChainTooLong.into())
    }

    /// Writes the next entry of the used ring. [`publish`](Self::publish) makes it visible to the driver.
    pub(super) fn give(&mut self, memory: &Memory, id: u32, length: u32) -> Result<(), Stray> {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&id.to_le_bytes());
        bytes[4..].copy_from_slice(&length.to_le_bytes());
        memory.write(self.entry(self.device, self.used, 8), &bytes)?;
        self.used = self.used.wrapping_add(1);
        Ok(())
    }

    /// Writes the used index. The index is `further` past the entries that were written. Returns whether the driver
    /// wants a notification.
    pub(super) fn publish(&mut self, memory: &Memory, further: u16) -> Result<bool, Stray> {
        self.used = self.used.wrapping_add(further);
        memory.write(self.device.wrapping_add(2), &self.used.to_le_bytes())?;
        Ok(read_u16(memory, self.driver)? & NO_INTERRUPT == 0)
    }
}
