//! Moves frames to and from the device, in buffers that circulate between the stack and the driver.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use samara_domain::{RRef, RpcError, Shadow};
use samara_interfaces::net::{BATCH, Exchanged, NetDevice, NetError, NetInfo, Packet, Packets};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

use crate::retransmits::Retransmits;

/// Bytes of an Ethernet header.
const HEADER: usize = 14;

/// The stack's side of the device.
pub(crate) struct Port {
    device: Shadow<dyn NetDevice>,
    info: NetInfo,
    /// Frames to send, the next one first.
    tx: Batch,
    /// The batch that carries buffers to the device and brings received frames back. It is empty between exchanges.
    rx: Batch,
    /// The batch that is passed as frames to send on all queues but the first. The stack sends frames only on the
    /// first queue. It is empty between exchanges.
    none: Batch,
    /// Frames received, the oldest first.
    received: VecDeque<RRef<Packet>>,
    /// Buffers without a frame.
    spare: Vec<RRef<Packet>>,
    /// Buffers whose frame was consumed since the last exchange.
    used: Vec<RRef<Packet>>,
    /// The number of buffers that the device took with frames to send and has not given back, as computed from its
    /// reports.
    away: usize,
    pub(crate) retransmits: Retransmits,
    pub(crate) counts: Counts,
}

/// Counts of frames and failures.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) frames_in: u64,
    pub(crate) frames_out: u64,
    pub(crate) frames_in_doubt: u64,
    pub(crate) failures: u64,
}

/// A batch that the device gives back at the end of each exchange. If the batch is lost in a failed exchange, a new
/// one is allocated.
#[derive(Default)]
struct Batch(Option<Packets>);

impl Batch {
    fn get(&mut self) -> Option<&mut Packets> {
        if self.0.is_none() {
            self.0 = Packets::try_new().ok();
        }
        self.0.as_mut()
    }

    fn take(&mut self) -> Result<Packets, NetError> {
        self.get();
        self.0.take().ok_or(NetError::Rpc(RpcError::OutOfMemory))
    }

    fn len(&self) -> usize {
        self.0.as_ref().map_or(0, Packets::len)
    }
}

impl Port {
    pub(crate) fn new(device: Shadow<dyn NetDevice>, info: NetInfo) -> Self {
        Self {
            device,
            info,
            tx: Batch::default(),
            rx: Batch::default(),
            none: Batch::default(),
            received: VecDeque::new(),
            spare: Vec::new(),
            used: Vec::new(),
            away: 0,
            retransmits: Retransmits::new(),
            counts: Counts::default(),
        }
    }

    /// Whether there are received frames that are not consumed yet, or frames to send.
    pub(crate) fn is_busy(&self) -> bool {
        !self.received.is_empty() || self.tx.len() > 0
    }

    /// Sends all frames of `tx`, and receives frames on all queues. Returns the number of frames that were moved.
    ///
    /// # Errors
    ///
    /// The error of the device, or of an allocation. If the device has failed in the exchange on the first queue, the
    /// frames to send are lost. Frames that were received before are kept.
    pub(crate) fn exchange(&mut self) -> Result<u32, NetError> {
        // Frames are received on all queues, and sent on the first.
        let mut moved = self.exchange_on(0)?;
        for queue in 1..self.info.queues {
            moved = moved.saturating_add(self.exchange_on(queue)?);
        }
        Ok(moved)
    }

    fn exchange_on(&mut self, queue: u16) -> Result<u32, NetError> {
        self.spare.append(&mut self.used);
        let rx = self.empty_buffers()?;
        let batch = if queue == 0 {
            &mut self.tx
        } else {
            &mut self.none
        };
        let tx = batch.take()?;
        let (offered, given) = (tx.len(), rx.len());
        match self.device.exchange(queue, tx, rx) {
            Ok(exchanged) => Ok(self.take(queue, exchanged, offered, given)),
            Err(error) => {
                self.counts.failures = self.counts.failures.saturating_add(1);
                let doubtful = self.away.saturating_add(offered) as u64;
                self.counts.frames_in_doubt = self.counts.frames_in_doubt.saturating_add(doubtful);
                self.away = 0;
                Err(error)
            }
        }
    }

    /// Returns a batch of buffers for received frames. It holds fewer buffers if memory is short, or if the stack has
    /// many frames that are not consumed yet.
    fn empty_buffers(&mut self) -> Result<Packets, NetError> {
        let mut rx = self.rx.take()?;
        let room = BATCH.saturating_sub(self.received.len());
        while rx.len() < room
            && self.has_spare(rx.len())
            && let Some(buffer) = self.spare.pop()
        {
            if let Err(buffer) = rx.push_back(buffer) {
                self.spare.push(buffer);
                break;
            }
        }
        Ok(rx)
    }

    /// Whether there is a spare buffer. If there is none and the bound allows it, allocates one. `crossing` is the
    /// number of buffers in the batch that the caller fills.
    fn has_spare(&mut self, crossing: usize) -> bool {
        if self.spare.is_empty()
            && self.has_room(crossing)
            && let Ok(buffer) = Packet::alloc()
        {
            self.spare.push(buffer);
        }
        !self.spare.is_empty()
    }

    /// Whether the bound allows one more buffer. `crossing` is the number of buffers that are neither in a field of
    /// `self` nor with the device.
    fn has_room(&self, crossing: usize) -> bool {
        let here = self.tx.len() + self.received.len() + self.used.len() + self.spare.len();
        // The bound is the sum of the buffers that the device may keep, a batch in each direction, and a batch of
        // frames or spare buffers in the stack.
        self.away + here + crossing < usize::from(self.info.tx_room) + 3 * BATCH
    }

    /// Keeps a buffer that the device has returned. `crossing` is the number of returned buffers that are still to be
    /// sorted. A device may return more buffers than it was given; buffers beyond the bound are dropped.
    fn keep(&mut self, buffer: RRef<Packet>, crossing: usize) {
        if self.has_room(crossing) {
            self.spare.push(buffer);
        }
    }

    /// Sorts the buffers and frames that the device has returned, and returns the number of frames that were moved.
    /// The device's numbers are clamped to the lengths of the batches, so wrong numbers at worst lose frames.
    fn take(&mut self, queue: u16, exchanged: Exchanged, offered: usize, given: usize) -> u32 {
        let Exchanged {
            mut tx,
            mut rx,
            unsent,
            received,
        } = exchanged;
        let unsent = unsent.min(tx.len()).min(offered);
        let sent = offered - unsent;
        let given_back = tx.len() - unsent;
        self.away = self.away.saturating_add(sent).saturating_sub(given_back);
        while tx.len() > unsent
            && let Some(buffer) = tx.pop_back()
        {
            self.keep(buffer, tx.len() + rx.len());
        }
        // On a queue other than the first, no frames were offered, so the batch is empty now.
        let keeper = if queue == 0 {
            &mut self.tx
        } else {
            &mut self.none
        };
        keeper.0 = Some(tx);

        let mut arrived = 0;
        while arrived < received.min(given)
            && let Some(frame) = rx.pop_front()
        {
            self.received.push_back(frame);
            arrived += 1;
        }
        while let Some(buffer) = rx.pop_back() {
            self.keep(buffer, rx.len());
        }
        self.rx.0 = Some(rx);
        self.counts.frames_in = self.counts.frames_in.saturating_add(arrived as u64);
        self.counts.frames_out = self.counts.frames_out.saturating_add(sent as u64);
        arrived.saturating_add(sent) as u32
    }

    /// Whether there is a buffer for one more frame, and a place for the frame in the batch.
    fn can_send(&mut self) -> bool {
        self.tx.get().is_some_and(|tx| !tx.is_full()) && self.has_spare(0)
    }
}

impl Device for Port {
    type RxToken<'a> = Incoming<'a>;
    type TxToken<'a> = Outgoing<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        // A received frame is not consumed before there is room for an answer to it.
        if !self.can_send() {
            return None;
        }
        let frame = self.received.pop_front()?;
        let incoming = Incoming {
            frame,
            used: &mut self.used,
        };
        let outgoing = Outgoing {
            tx: self.tx.get()?,
            spare: &mut self.spare,
            retransmits: &mut self.retransmits,
        };
        Some((incoming, outgoing))
    }

    fn transmit(&mut self, _: Instant) -> Option<Self::TxToken<'_>> {
        self.can_send().then_some(())?;
        Some(Outgoing {
            tx: self.tx.get()?,
            spare: &mut self.spare,
            retransmits: &mut self.retransmits,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = usize::from(self.info.mtu) + HEADER;
        capabilities
    }
}

/// A frame that was received.
pub(crate) struct Incoming<'p> {
    frame: RRef<Packet>,
    used: &'p mut Vec<RRef<Packet>>,
}

impl RxToken for Incoming<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, look: F) -> R {
        let result = look(self.frame.bytes());
        self.used.push(self.frame);
        result
    }
}

/// The right to send a frame: there is a buffer, and a place in the batch.
pub(crate) struct Outgoing<'p> {
    tx: &'p mut Packets,
    spare: &'p mut Vec<RRef<Packet>>,
    retransmits: &'p mut Retransmits,
}

impl TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, fill: F) -> R {
        // The token guarantees that there is a buffer. A frame that is too long for the buffer is a fault of smoltcp,
        // which knows the MTU. Such a frame is built in other memory and then dropped.
        let buffer = self.spare.pop().and_then(|mut buffer| {
            let fits = buffer.set_len(len);
            fits.ok().map(|()| buffer)
        });
        let Some(mut buffer) = buffer else {
            return fill(&mut alloc::vec![0; len]);
        };
        let result = fill(buffer.bytes_mut());
        self.retransmits.look(buffer.bytes());
        if let Err(buffer) = self.tx.push_back(buffer) {
            self.spare.push(buffer);
        }
        result
    }
}
