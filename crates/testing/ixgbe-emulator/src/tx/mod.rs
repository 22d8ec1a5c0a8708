//! The transmit path: descriptors, offloads, the MAC (section 7.2).

mod descriptor;
mod offload;
mod ring;
mod segment;
mod share;

use alloc::vec::Vec;

use self::descriptor::{Context, Descriptor, Request};
use self::offload::Malformed;
use self::ring::TxRing;
use self::segment::TcpFlags;
use self::share::Share;
use crate::bus::Bus;
use crate::link::Link;
use crate::nic::Nic;
use crate::registers::bits::{DMATXCTL_ENABLE, EICR_PCI_EXCEPTION, HLREG0_LOOPBACK, HLREG0_PAD};
use crate::registers::offset as at;
use crate::stats;
use crate::write_back::Entry;

/// Transmit queues.
const QUEUES: u32 = 128;

/// The number of descriptors that one queue may use in a step.
const DESCRIPTORS_PER_STEP: usize = 256;

/// The longest packet that can be segmented: the largest PAYLEN, and room for headers (section 7.2.4).
const LONGEST_PACKET: usize = (1 << 18) + 1024;

/// Longest frame on the wire, without CRC (section 7.2.1.1).
const LONGEST_FRAME: usize = 15_872;

/// The length to which shorter frames are padded, if padding is enabled.
const SHORTEST: usize = 60;

/// The shortest frame that can be sent: only an Ethernet header.
const LEAST: usize = 14;

/// A queue's contexts, and the packet that it is reading.
#[derive(Clone, Debug, Default)]
pub(crate) struct TxQueue {
    contexts: [Context; 2],
    request: Option<Request>,
    packet: Vec<u8>,
    /// Whether the packet is malformed or its data could not be read. Such a packet is dropped when its last
    /// descriptor comes.
    spoilt: bool,
}

impl TxQueue {
    /// Returns all queues.
    pub(crate) fn all() -> Vec<TxQueue> {
        alloc::vec![TxQueue::default(); QUEUES as usize]
    }
}

impl Nic {
    /// Works through the rings. Returns true if descriptors are left for the next step.
    pub(crate) fn transmit(&mut self, bus: &mut Bus<'_>, link: &mut dyn Link) -> bool {
        let enabled = self.file.has(at::DMATXCTL, DMATXCTL_ENABLE);
        if !bus.master() || !enabled || self.flow.quiet_until(self.now).is_some() {
            return false;
        }
        let mut more = false;
        let mut share = Share::full();
        let first = self.first_tx_queue;
        for queue in (0..QUEUES).map(|distance| (first + distance) % QUEUES) {
            if let Some(ring) = TxRing::of(&self.file, queue) {
                let fresh = !share.used_up();
                more |= self.transmit_queue(bus, link, queue, ring, &mut share);
                if fresh && share.used_up() {
                    // The next step begins with the queue behind this one.
                    self.first_tx_queue = (queue + 1) % QUEUES;
                }
            }
        }
        more
    }

    fn transmit_queue(
        &mut self,
        bus: &mut Bus<'_>,
        link: &mut dyn Link,
        queue: u32,
        mut ring: TxRing,
        share: &mut Share,
    ) -> bool {
        let mut left = DESCRIPTORS_PER_STEP;
        while ring.head != ring.tail && left > 0 && !share.used_up() {
            left -= 1;
            let place = ring.address();
            match bus.descriptor(place) {
                Ok(words) => {
                    self.one(bus, link, queue, words, share);
                    ring.advance();
                    if Descriptor::reports(words) {
                        self.report(queue, &ring, place, words);
                    }
                }
                Err(_) => {
                    // A descriptor that cannot be read is skipped, so that the ring does not get stuck.
                    self.spoil(queue);
                    ring.advance();
                }
            }
        }
        self.file
            .set(at::tx_queue(queue) + at::QUEUE_HEAD, ring.head);
        ring.head != ring.tail
    }

    /// Queues the write-back that tells the driver that a descriptor is done.
    fn report(&mut self, queue: u32, ring: &TxRing, place: u64, words: [u64; 2]) {
        self.write_backs.push(match ring.head_write_back {
            Some(address) => Entry::Head {
                address,
                head: ring.head,
                queue,
            },
            None => Entry::Descriptor {
                address: place,
                words: Descriptor::done(words),
                done: Descriptor::DONE,
                news: Some((queue, true)),
            },
        });
    }

    /// Handles a failed DMA access: the current packet is lost.
    fn spoil(&mut self, queue: u32) {
        self.drops.tx_dma_error += 1;
        self.interrupts.other(EICR_PCI_EXCEPTION);
        self.tx_queues[queue as usize].spoilt = true;
    }

    /// Handles one descriptor.
    fn one(
        &mut self,
        bus: &mut Bus<'_>,
        link: &mut dyn Link,
        queue: u32,
        words: [u64; 2],
        share: &mut Share,
    ) {
        let state = &mut self.tx_queues[queue as usize];
        match Descriptor::decode(words) {
            Descriptor::Context { index, context } => state.contexts[index & 1] = context,
            Descriptor::Unknown => {
                state.spoilt = true;
                if words[1] & 1 << 24 != 0 {
                    self.packet_ends(link, queue, share);
                }
            }
            Descriptor::Data {
                address,
                length,
                last,
                request,
            } => {
                state.request.get_or_insert(request);
                let start = state.packet.len();
                if start + length > LONGEST_PACKET {
                    state.spoilt = true;
                }
                if !state.spoilt {
                    share.read(length);
                    state.packet.resize(start + length, 0);
                    if bus.read(address, &mut state.packet[start..]).is_err() {
                        self.spoil(queue);
                    }
                }
                if last {
                    self.packet_ends(link, queue, share);
                }
            }
        }
    }

    /// Sends the packet, which is complete.
    fn packet_ends(&mut self, link: &mut dyn Link, queue: u32, share: &mut Share) {
        let state = &mut self.tx_queues[queue as usize];
        let packet = core::mem::take(&mut state.packet);
        let request = state.request.take().unwrap_or_default();
        let spoilt = core::mem::take(&mut state.spoilt);
        let context = state.contexts[request.context & 1];
        let sent = if spoilt {
            Err(Malformed)
        } else if request.segment {
            let flags = TcpFlags::of(&self.file);
            segment::segment(&packet, &request, &context, flags, &mut |frame| {
                share.frame(frame.len());
                self.send(link, queue, frame, &request, &context)
            })
        } else {
            let mut frame = packet;
            share.frame(frame.len());
            // An empty packet, made of descriptors of length 0, sends nothing and is no error (section 7.2.3.2.2).
            if frame.is_empty() {
                Ok(())
            } else if frame.len() > LONGEST_FRAME {
                Err(Malformed)
            } else {
                offload::single(&mut frame, &request, &context)
                    .and_then(|()| self.send(link, queue, frame, &request, &context))
            }
        };
        if sent.is_err() {
            self.drops.tx_malformed += 1;
        }
    }

    /// Tags, pads, counts and sends one frame, as the MAC does.
    fn send(
        &mut self,
        link: &mut dyn Link,
        queue: u32,
        mut frame: Vec<u8>,
        request: &Request,
        context: &Context,
    ) -> Result<(), Malformed> {
        if request.vlan {
            let ethertype = (self.file.get(at::DMATXCTL) >> 16) as u16;
            let tag = request.legacy.map_or(context.vlan, |legacy| legacy.tag);
            offload::tag(&mut frame, ethertype, tag)?;
        }
        if frame.len() > LONGEST_FRAME || frame.len() < LEAST {
            return Err(Malformed);
        }
        if frame.len() < SHORTEST && self.file.has(at::HLREG0, HLREG0_PAD) {
            frame.resize(SHORTEST, 0);
        }
        if self.file.has(at::HLREG0, HLREG0_LOOPBACK) {
            stats::sent(&mut self.file, queue, &frame);
            self.accept(frame);
        } else if self.link_up {
            stats::sent(&mut self.file, queue, &frame);
            link.send(&frame);
        } else {
            self.drops.tx_link_down += 1;
        }
        Ok(())
    }
}
