//! Frames to and from the device, in buffers that circulate.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use samara_domain::{RRef, RpcError, Shadow};
use samara_interfaces::net::{BATCH, Exchanged, NetDevice, NetError, NetInfo, Packet, Packets};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

use crate::retransmits::Retransmits;

/// Bytes of an Ethernet header.
const HEADER: usize = 14;

/// The device as the stack sees it.
pub(crate) struct Port {
    device: Shadow<dyn NetDevice>,
    info: NetInfo,
    /// Frames to send, the next one first.
    tx: Batch,
    /// Carries buffers to the device and frames back; empty between exchanges.
    rx: Batch,
    /// Stands for frames to send where there are none to be sent; empty between exchanges.
    none: Batch,
    /// Frames received, the oldest first.
    received: VecDeque<RRef<Packet>>,
    /// Buffers without a frame.
    spare: Vec<RRef<Packet>>,
    /// The same, since the last exchange.
    used: Vec<RRef<Packet>>,
    /// Buffers that the device has, as far as it told.
    away: usize,
    pub(crate) retransmits: Retransmits,
    pub(crate) counts: Counts,
}

/// What was counted.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) frames_in: u64,
    pub(crate) frames_out: u64,
    pub(crate) frames_in_doubt: u64,
    pub(crate) failures: u64,
}

/// A batch that comes back from each exchange, and is made anew when it did not.
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

    /// Frames wait that were received, or that are to be sent.
    pub(crate) fn is_busy(&self) -> bool {
        !self.received.is_empty() || self.tx.len() > 0
    }

    /// Sends what is to be sent and receives what there is, on all queues; the number of frames moved.
    ///
    /// # Errors
    ///
    /// What the device says. The frames that were to be sent are lost then, those received are not.
    pub(crate) fn exchange(&mut self) -> Result<u32, NetError> {
        // What is received is spread over the queues; what is sent goes through the first.
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

    /// A batch to receive into: as much as there's memory for and the stack keeps up with.
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

    /// Whether there's a buffer to take; allocates one within the bound. `crossing` are on their way.
    fn has_spare(&mut self, crossing: usize) -> bool {
        if self.spare.is_empty()
            && self.has_room(crossing)
            && let Ok(buffer) = Packet::alloc()
        {
            self.spare.push(buffer);
        }
        !self.spare.is_empty()
    }

    /// Whether there may be one buffer more. `crossing` are neither here nor away.
    fn has_room(&self, crossing: usize) -> bool {
        let here = self.tx.len() + self.received.len() + self.used.len() + self.spare.len();
        // What the device may keep, a batch in each direction, and one in between.
        self.away + here + crossing < usize::from(self.info.tx_room) + 3 * BATCH
    }

    /// Keeps a buffer that came back, while `crossing` are still to be looked at. A device may give more than
    /// it was given: those are dropped.
    fn keep(&mut self, buffer: RRef<Packet>, crossing: usize) {
        if self.has_room(crossing) {
            self.spare.push(buffer);
        }
    }

    /// Sorts what came back. The device's numbers are bounded by what it gave and was given: at worst frames
    /// are lost.
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
        // Of another queue than the first, all of it are buffers.
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

    /// Whether a frame can be made and will find its place.
    fn can_send(&mut self) -> bool {
        self.tx.get().is_some_and(|tx| !tx.is_full()) && self.has_spare(0)
    }
}

impl Device for Port {
    type RxToken<'a> = Incoming<'a>;
    type TxToken<'a> = Outgoing<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        // A frame waits until an answer to it is possible.
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

/// The right to send a frame: there's a buffer, and a place in the batch.
pub(crate) struct Outgoing<'p> {
    tx: &'p mut Packets,
    spare: &'p mut Vec<RRef<Packet>>,
    retransmits: &'p mut Retransmits,
}

impl TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, fill: F) -> R {
        // As the token says, there's a buffer. A frame too long for it is the stack's own fault, as it was
        // told the MTU: filled elsewhere, and lost.
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
