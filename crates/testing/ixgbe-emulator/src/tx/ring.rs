//! A transmit ring as its registers describe it.

use crate::registers::bits::{QUEUE_ENABLE, TDWBAL_ENABLE};
use crate::registers::{RegisterFile, offset as at};

/// The properties of a ring. Head and tail are below `entries`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TxRing {
    base: u64,
    entries: u32,
    pub(crate) head: u32,
    pub(crate) tail: u32,
    /// The address to which the head is written back. `None` if descriptors are written back instead.
    pub(crate) head_write_back: Option<u64>,
}

impl TxRing {
    /// Returns the ring of a queue, or `None` if the queue is disabled or empty, or its registers describe no valid ring.
    pub(crate) fn of(file: &RegisterFile, queue: u32) -> Option<Self> {
        let block = at::tx_queue(queue);
        if !file.has(block + at::QUEUE_CONTROL, QUEUE_ENABLE) {
            return None;
        }
        let wide = |low: u32, high: u32, mask: u32| {
            u64::from(file.get(block + high)) << 32 | u64::from(file.get(block + low) & mask)
        };
        let entries = (file.get(block + at::QUEUE_LENGTH) & 0xf_ff80) / 16;
        let told = file.has(block + at::QUEUE_HEAD_WB_LOW, TDWBAL_ENABLE);
        let ring = TxRing {
            base: wide(0, at::QUEUE_BASE_HIGH, !0x7f),
            entries,
            head: file.get(block + at::QUEUE_HEAD),
            tail: file.get(block + at::QUEUE_TAIL),
            head_write_back: told.then(|| wide(at::QUEUE_HEAD_WB_LOW, at::QUEUE_HEAD_WB_HIGH, !3)),
        };
        let sound = ring.head < entries && ring.tail < entries;
        (sound && ring.head != ring.tail).then_some(ring)
    }

    /// Returns the address of the descriptor at the head.
    pub(crate) fn address(&self) -> u64 {
        self.base.wrapping_add(u64::from(self.head) * 16)
    }

    /// Moves the head on by one descriptor.
    pub(crate) fn advance(&mut self) {
        self.head = (self.head + 1) % self.entries;
    }
}
