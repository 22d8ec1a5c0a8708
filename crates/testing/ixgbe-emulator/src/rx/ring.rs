//! A receive ring as its registers describe it.

use crate::registers::bits::{
    QUEUE_ENABLE, RXDCTL_VLAN_STRIP, SRRCTL_BUFFER, SRRCTL_DROP, SRRCTL_TYPE_SHIFT,
};
use crate::registers::{RegisterFile, offset as at};

/// Bytes of a descriptor.
const DESCRIPTOR: u64 = 16;

/// The properties of a ring. Head and tail are below `entries`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RxRing {
    pub(crate) queue: u32,
    base: u64,
    entries: u32,
    pub(crate) head: u32,
    tail: u32,
    /// Bytes of a buffer.
    pub(crate) buffer: usize,
    pub(crate) advanced: bool,
    pub(crate) drop: bool,
    pub(crate) strip: bool,
}

impl RxRing {
    /// Returns the ring of a queue, or `None` if the queue is disabled or its registers describe no valid ring.
    pub(crate) fn of(file: &RegisterFile, queue: u32) -> Option<Self> {
        let block = at::rx_queue(queue & 0x7f);
        let control = file.get(block + at::QUEUE_CONTROL);
        let split = file.get(block + at::QUEUE_SRRCTL);
        let entries = (file.get(block + at::QUEUE_LENGTH) & 0xf_ff80) / 16;
        let ring = RxRing {
            queue: queue & 0x7f,
            base: u64::from(file.get(block + at::QUEUE_BASE_HIGH)) << 32
                | u64::from(file.get(block) & !0x7f),
            entries,
            head: file.get(block + at::QUEUE_HEAD),
            tail: file.get(block + at::QUEUE_TAIL),
            buffer: ((split & SRRCTL_BUFFER).max(1) as usize) * 1024,
            advanced: split >> SRRCTL_TYPE_SHIFT & 7 != 0,
            drop: split & SRRCTL_DROP != 0,
            strip: control & RXDCTL_VLAN_STRIP != 0,
        };
        let sound = ring.head < entries && ring.tail < entries;
        (control & QUEUE_ENABLE != 0 && sound).then_some(ring)
    }

    /// Returns the number of descriptors that the driver has given and the device has not used.
    pub(crate) fn available(&self) -> u32 {
        (self.tail + self.entries - self.head) % self.entries
    }

    /// Returns the largest number of descriptors that can be available. One descriptor always stays unused.
    pub(crate) fn capacity(&self) -> u32 {
        self.entries - 1
    }

    /// Returns the address of the descriptor `distance` after the head.
    pub(crate) fn address(&self, distance: u32) -> u64 {
        let index = (self.head + distance) % self.entries;
        self.base.wrapping_add(u64::from(index) * DESCRIPTOR)
    }

    /// Returns the head after `count` more descriptors.
    pub(crate) fn after(&self, count: u32) -> u32 {
        (self.head + count) % self.entries
    }
}
