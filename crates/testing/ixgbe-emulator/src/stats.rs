//! Counts frames in the statistics registers (section 8.2.3.23).

use crate::registers::{RegisterFile, offset as at};
use crate::rx::{CRC, Cast, cast};

/// Dropped frames and failed DMA accesses, which no register counts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Drops {
    /// Received frames whose queue was disabled or had too few descriptors. If a queue has too few descriptors for a
    /// frame, the frame usually waits. It is dropped if the queue is set to drop, if the whole ring could not hold
    /// the frame, or if the frame's FCoE payload is already placed.
    pub rx_no_descriptor: u64,
    /// Failed DMA accesses for received frames: reads of descriptors or of FCoE buffer lists, and writes of data. A
    /// frame in several buffers may count more than once.
    pub rx_dma_error: u64,
    /// Packets to send whose descriptors were malformed.
    pub tx_malformed: u64,
    /// DMA reads of descriptors or data to send that failed. The packet is dropped.
    pub tx_dma_error: u64,
    /// Packets to send while the link was down.
    pub tx_link_down: u64,
    /// Write-backs of descriptors or heads that failed.
    pub write_back_error: u64,
}

/// Returns the number of bytes that the octet counters count for a frame. The number includes the CRC.
fn octets(frame: &[u8]) -> u32 {
    (frame.len() + CRC) as u32
}

/// Returns the offset of the counter for frames of this length. There are six counters from `first` on: up to 64,
/// 127, 255, 511 and 1023 bytes, and more.
fn bucket(first: u32, frame: &[u8]) -> u32 {
    let index = match octets(frame) {
        0..=64 => 0,
        65..=127 => 1,
        128..=255 => 2,
        256..=511 => 3,
        512..=1023 => 4,
        _ => 5,
    };
    first + 4 * index
}

/// Counts a frame that came from the link, good or not.
pub(crate) fn arrived(file: &mut RegisterFile, frame: &[u8]) {
    file.count(at::TPR, 1);
    file.count_wide(at::TORL, octets(frame));
}

/// Counts a good frame.
pub(crate) fn good(file: &mut RegisterFile, frame: &[u8]) {
    file.count(at::RXNFGPC, 1);
    file.count_wide(at::RXNFGBCL, octets(frame));
}

/// Counts a frame that has passed the receive filters.
pub(crate) fn passed(file: &mut RegisterFile, frame: &[u8], cast: Cast) {
    file.count(at::GPRC, 1);
    file.count_wide(at::GORCL, octets(frame));
    file.count(bucket(at::PRC64, frame), 1);
    match cast {
        Cast::Broadcast => file.count(at::BPRC, 1),
        Cast::Multicast => file.count(at::MPRC, 1),
        Cast::Unicast => {}
    }
}

/// Returns the index of the set of counters to which `queue` is mapped. The mapping registers have one byte for each
/// queue. The low four bits of the byte are the index.
fn counters(file: &RegisterFile, map: u32, queue: u32) -> u32 {
    file.get(map + queue / 4 * 4) >> (queue % 4 * 8) & 0xf
}

/// Counts a frame of `length` bytes that was given to a receive queue.
pub(crate) fn queue_received(file: &mut RegisterFile, queue: u32, length: usize) {
    let bytes = (length + CRC) as u32;
    let index = counters(file, at::RQSMR, queue);
    file.count(at::QPRC + index * 0x40, 1);
    file.count_wide(at::QBRCL + index * 0x40, bytes);
    file.count(at::RXDGPC, 1);
    file.count_wide(at::RXDGBCL, bytes);
}

/// Counts a frame that a receive queue dropped: it was disabled, or had too few descriptors.
pub(crate) fn queue_dropped(file: &mut RegisterFile, queue: u32) {
    let index = counters(file, at::RQSMR, queue);
    file.count(at::QPRDC + index * 0x40, 1);
}

/// Counts a frame that left through a transmit queue.
pub(crate) fn sent(file: &mut RegisterFile, queue: u32, frame: &[u8]) {
    let bytes = octets(frame);
    file.count(at::GPTC, 1);
    file.count(at::TPT, 1);
    file.count_wide(at::GOTCL, bytes);
    file.count(bucket(at::PTC64, frame), 1);
    match cast(frame) {
        Cast::Broadcast => file.count(at::BPTC, 1),
        Cast::Multicast => file.count(at::MPTC, 1),
        Cast::Unicast => {}
    }
    let index = counters(file, at::TQSM, queue);
    file.count(at::QPTC + index * 0x40, 1);
    file.count_wide(at::QBTCL + index * 8, bytes);
    file.count(at::TXDGPC, 1);
    file.count_wide(at::TXDGBCL, bytes);
}
