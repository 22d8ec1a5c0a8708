//! The receive path: MAC, packet buffer, queues, descriptors (section 7.1).

mod ddp;
mod descriptor;
mod filter;
mod ghost;
mod ring;
mod steer;
mod toeplitz;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use self::ddp::{Fcoe, Left};
use self::descriptor::Findings;
pub(crate) use self::filter::{Cast, cast};
pub(crate) use self::ghost::Ghosts;
pub(crate) use self::ring::RxRing;
use crate::bus::Bus;
use crate::checksum::ethernet_crc;
use crate::link::Link;
use crate::nic::Nic;
use crate::packet::{Headers, parse};
use crate::registers::bits::{
    EICR_MISSED, EICR_PCI_EXCEPTION, HLREG0_CRC_STRIP, RXCTRL_ENABLE, SECRXCTRL_HALT,
};
use crate::registers::offset as at;
use crate::stats;
use crate::write_back::Entry;

/// The number of frames that are taken from the link in one step, at most.
const FRAMES_PER_STEP: usize = 256;

/// The shortest frame on the wire, without CRC. The far end's MAC pads shorter frames.
const SHORTEST: usize = 60;

/// Bytes of a frame check sequence.
pub(crate) const CRC: usize = 4;

/// Bytes of a VLAN tag.
const TAG: usize = 4;

/// Frames that passed the filters and wait for descriptors.
#[derive(Clone, Debug, Default)]
pub(crate) struct PacketBuffer {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl PacketBuffer {
    fn push(&mut self, frame: Vec<u8>) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    fn pop(&mut self) -> Option<Vec<u8>> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }

    /// Returns the bytes of all frames in the buffer.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn clear(&mut self) {
        self.frames.clear();
        self.bytes = 0;
    }
}

/// The outcome of a frame at its queue.
enum Fate {
    Delivered,
    Dropped,
    /// The queue has too few descriptors. The frame stays in the packet buffer, and so do all frames behind it.
    Waits,
}

impl Nic {
    /// Takes frames from the link to their queues. Returns true if more frames may wait at the link.
    pub(crate) fn take_frames(&mut self, bus: &mut Bus<'_>, link: &mut dyn Link) -> bool {
        // First, deliver the frames that wait from earlier steps and those that were looped back inside the device.
        self.deliver_frames(bus);
        let mut frame = Vec::new();
        for _ in 0..FRAMES_PER_STEP {
            if !link.receive(&mut frame) {
                return false;
            }
            if self.link_up {
                self.accept(core::mem::take(&mut frame));
                self.deliver_frames(bus);
            }
        }
        true
    }

    /// Handles a frame that arrives at the MAC.
    pub(crate) fn accept(&mut self, mut frame: Vec<u8>) {
        let halted = self.file.has(at::SECRXCTRL, SECRXCTRL_HALT);
        if halted || !self.file.has(at::RXCTRL, RXCTRL_ENABLE) {
            return;
        }
        if frame.len() < SHORTEST {
            frame.resize(SHORTEST, 0);
        }
        let headers = self.parse(&frame);
        stats::arrived(&mut self.file, &frame);
        if frame.len() + CRC > filter::longest(&self.file, headers.vlan.is_some()) {
            self.file.count(at::ROC, 1);
            return;
        }
        stats::good(&mut self.file, &frame);
        self.pause_arrives(&frame, &headers);
        if !filter::passes(&self.file, &frame, &headers) {
            return;
        }
        stats::passed(&mut self.file, &frame, cast(&frame));
        if let Some(fcoe) = Fcoe::of(&self.file, &frame, &headers) {
            self.file.count(at::FCOEPRC, 1);
            self.file.count(at::FCOEDWRC, fcoe.words(frame.len()));
        }
        let room = (self.file.get(at::RXPBSIZE) & 0xf_fc00) as usize;
        if self.packet_buffer.bytes + frame.len() > room {
            self.file.count(at::MPC, 1);
            self.interrupts.other(EICR_MISSED);
            return;
        }
        self.packet_buffer.push(frame);
    }

    /// Moves frames from the packet buffer to their queues.
    fn deliver_frames(&mut self, bus: &mut Bus<'_>) {
        let hangs = self.quirks.receive_hangs;
        if hangs || !bus.master() || !self.file.has(at::RXCTRL, RXCTRL_ENABLE) {
            return;
        }
        while let Some(frame) = self.packet_buffer.pop() {
            match self.deliver(bus, &frame) {
                Fate::Delivered => {}
                Fate::Dropped => self.drops.rx_no_descriptor += 1,
                Fate::Waits => {
                    self.packet_buffer.bytes += frame.len();
                    self.packet_buffer.frames.push_front(frame);
                    break;
                }
            }
        }
    }

    fn parse(&self, frame: &[u8]) -> Headers {
        parse(frame, self.file.get(at::VLNCTRL) as u16)
    }

    fn deliver(&mut self, bus: &mut Bus<'_>, frame: &[u8]) -> Fate {
        let headers = self.parse(frame);
        let (queue, hash) = steer::steer(&self.file, frame, &headers);
        let Some(mut ring) = RxRing::of(&self.file, queue) else {
            stats::queue_dropped(&mut self.file, queue);
            return Fate::Dropped;
        };
        let frame = match self.place(bus, frame, &headers) {
            Left::All => frame,
            Left::Nothing => return Fate::Delivered,
            // The headers fit into one buffer of any size. If the ring has no buffer, the headers are lost, although
            // the payload is already placed.
            Left::Headers(_) if ring.available() == 0 => return Fate::Dropped,
            Left::Headers(length) => &frame[..length],
        };
        let stripped = ring.strip && headers.vlan.is_some();
        let added = if self.keeps_crc() { CRC } else { 0 };
        let removed = if stripped { TAG } else { 0 };
        // The subtraction does not overflow: `frame` contains at least the headers, and these are longer than a tag.
        let needed = (frame.len() + added - removed).div_ceil(ring.buffer) as u32;
        if needed > ring.available() {
            if ring.drop || needed > ring.capacity() {
                stats::queue_dropped(&mut self.file, queue);
                return Fate::Dropped;
            }
            return Fate::Waits;
        }
        if self.empty_is_due() && needed < ring.available() {
            self.give_back_empty(&mut ring);
        }
        // The headers and checksums are examined only here. A frame that waits runs through the lines above again
        // each time that another frame arrives.
        let mut found = Findings::of(frame, &headers, hash, stripped);
        if self.faults().fragment_checksum && headers.is_fragment(frame) {
            found.blame_network();
        }
        let bytes = self.bytes_for_host(frame, stripped);
        if found.bad_checksum() {
            self.file.count(at::XEC, 1);
        }
        self.scatter(bus, &ring, &bytes, &found);
        stats::queue_received(&mut self.file, queue, frame.len());
        let head = at::rx_queue(ring.queue) + at::QUEUE_HEAD;
        self.file.set(head, ring.after(needed));
        Fate::Delivered
    }

    /// Counts the packet. Returns whether the fault `rx_empty_every` asks for an empty descriptor before this packet.
    fn empty_is_due(&mut self) -> bool {
        self.quirks.received = self.quirks.received.wrapping_add(1);
        let every = self.faults().rx_empty_every;
        every.is_some_and(|every| self.quirks.received % every == 0)
    }

    /// Writes back the descriptor at the head with a length of 0.
    fn give_back_empty(&mut self, ring: &mut RxRing) {
        let place = ring.address(0);
        let ends = self.faults().rx_empty_ends;
        self.write_backs.push(Entry::Descriptor {
            address: place,
            words: Findings::default().descriptor(ring.advanced, 0, 0, ends),
            done: descriptor::done(ring.advanced),
            news: Some((ring.queue, false)),
        });
        ring.head = ring.after(1);
    }

    /// Returns the bytes that the host gets: the frame, without the VLAN tag if the tag is stripped, and with the CRC
    /// unless the CRC is stripped.
    fn bytes_for_host(&self, frame: &[u8], stripped: bool) -> Vec<u8> {
        let mut bytes = frame.to_vec();
        if self.keeps_crc() {
            bytes.extend(ethernet_crc(frame).to_le_bytes());
        }
        if stripped {
            bytes.drain(12..12 + TAG);
        }
        bytes
    }

    fn keeps_crc(&self) -> bool {
        !self.file.has(at::HLREG0, HLREG0_CRC_STRIP)
    }

    /// Writes a packet into its buffers and queues the write-back of the descriptors.
    fn scatter(&mut self, bus: &mut Bus<'_>, ring: &RxRing, bytes: &[u8], found: &Findings) {
        let last = bytes.len().div_ceil(ring.buffer) as u32 - 1;
        for (distance, piece) in (0..).zip(bytes.chunks(ring.buffer)) {
            let place = ring.address(distance);
            let Ok([address, _]) = bus.descriptor(place) else {
                self.drops.rx_dma_error += 1;
                self.interrupts.other(EICR_PCI_EXCEPTION);
                continue;
            };
            // Writes are posted, so the device does not learn that a write has failed, and goes on.
            if bus.write(address, piece).is_err() {
                self.drops.rx_dma_error += 1;
            }
            let end = distance == last;
            self.write_backs.push(Entry::Descriptor {
                address: place,
                words: found.descriptor(ring.advanced, address, piece.len(), end),
                done: descriptor::done(ring.advanced),
                news: end.then_some((ring.queue, false)),
            });
        }
    }
}

/// Whether the receive path finds all checksums of a frame right.
#[cfg(test)]
pub(crate) fn test_findings(frame: &[u8], headers: &Headers) -> bool {
    let found = Findings::of(frame, headers, toeplitz::Hash::default(), false);
    headers.transport.is_some() && !found.bad_checksum()
}
