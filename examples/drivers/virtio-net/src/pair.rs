//! The receive and the transmit queue, which a lock guards, and the exchange of packets with them.

use alloc::vec::Vec;

use samara_device_io::queue::{Bytes, PacketQueue, QueueError, QueueFault};
use samara_device_io::table::Direction;
use samara_device_tables::VirtioNet;
use samara_domain::RRef;
use samara_driver::poll_interval::Watch;
use samara_driver::virtio::{self, NO_VECTOR};
use samara_interfaces::net::{Exchanged, NetStatistics, Packet, Packets};

use crate::args::{HEADER, Limits};
use crate::bring_up::Function;
use crate::error::InitError;
use crate::faults::fault_point;

/// The queues' numbers (§5.1.2).
pub(crate) const RX_QUEUE: u16 = 0;
const TX_QUEUE: u16 = 1;
/// The header before a frame (§5.1.6): no offloads, since none were negotiated. The driver ignores the header of a
/// received frame.
const PLAIN: Bytes = [0; 16];
/// Bytes of that header.
const VIRTIO_HEADER: usize = 12;
/// Shorter frames are padded to this many bytes.
const SHORTEST: usize = 60;
/// Bytes of the frame check sequence, which the statistics include.
const CHECK: u64 = 4;

type RxQueue = PacketQueue<VirtioNet, { VirtioNet::RX }, Packet>;
type TxQueue = PacketQueue<VirtioNet, { VirtioNet::TX }, Packet>;

/// The receive and the transmit queue.
pub(crate) struct Pair {
    rx: RxQueue,
    tx: TxQueue,
    /// Bytes of the longest frame that may be sent.
    longest: usize,
    /// Buffers from the transmit queue that were not given to a caller yet, because no batch had room or a reset took
    /// them back. They go to the next batches that have room.
    returned: Vec<RRef<Packet>>,
    /// The packets of the receive queue that are outside the queue at the moment, for example during a reset.
    shelf: Vec<RRef<Packet>>,
    pub(crate) watch: Watch,
    pub(crate) statistics: NetStatistics,
}

/// The result of an exchange.
pub(crate) struct Outcome {
    pub(crate) exchanged: Exchanged,
    /// Whether the device broke its protocol.
    pub(crate) broken: bool,
    /// Whether it is time to read the clock, to find out if a look at the device is due.
    pub(crate) ask: bool,
}

impl Pair {
    /// Makes both queues, empty, for frames of at most `mtu` bytes of payload.
    pub(crate) fn new(function: &Function, limits: &Limits, mtu: u16) -> Result<Self, InitError> {
        let rx_entries = virtio::queue_entries(function, RX_QUEUE, (4, limits.rx_entries))?;
        let tx_entries = virtio::queue_entries(function, TX_QUEUE, (4, limits.tx_entries))?;
        let rx = RxQueue::new(function, RX_QUEUE, rx_entries)?;
        let tx = TxQueue::new(function, TX_QUEUE, tx_entries)?;
        let list = |room| {
            let mut list = Vec::new();
            let reserved = list.try_reserve_exact(room);
            reserved.map(|()| list).map_err(|_| InitError::Memory)
        };
        let (returned, mut shelf) = (list(tx.room())?, list(rx.room())?);
        for _ in 0..rx.room() {
            shelf.push(Packet::alloc()?);
        }
        Ok(Self {
            rx,
            tx,
            longest: usize::from(mtu) + HEADER,
            returned,
            shelf,
            watch: Watch::default(),
            statistics: NetStatistics::default(),
        })
    }

    /// Returns how many more frames the transmit queue has room for. For an empty queue, this is the most frames that
    /// it ever holds.
    pub(crate) fn tx_room(&self) -> u16 {
        self.tx.room() as u16
    }

    /// Starts both queues, gives the receive queue its packets, and lets the device work. The receive queue
    /// interrupts by `vector`, but only when the driver asks for an interrupt.
    pub(crate) fn start(&mut self, function: &Function, vector: u16) -> Result<(), InitError> {
        self.watch.reset();
        self.tx.start(function, NO_VECTOR.into())?;
        self.rx.start(function, vector.into())?;
        self.tx.interrupt(function, false)?;
        self.rx.interrupt(function, false)?;
        while let Some(packet) = self.shelf.pop() {
            if !self.receive_into(function, packet) {
                break;
            }
        }
        virtio::go_live(function)?;
        Ok(self.rx.ring(function)?)
    }

    /// Puts a packet into the receive queue. If the queue refuses it, the packet is put on the shelf, and this returns
    /// false.
    fn receive_into(&mut self, function: &Function, packet: RRef<Packet>) -> bool {
        let put = self
            .rx
            .put(function, &PLAIN, Direction::ToHost, packet, whole);
        put.map_err(|(_, packet)| self.shelf.push(packet)).is_ok()
    }

    /// Takes all packets back from queues that don't run.
    pub(crate) fn take_back(&mut self, function: &Function) -> Result<(), QueueError> {
        while let Some(packet) = self.rx.take_back(function)? {
            self.shelf.push(packet);
        }
        while let Some(packet) = self.tx.take_back(function)? {
            self.returned.push(packet);
        }
        Ok(())
    }

    /// Waits until all frames that the device was given have left, for `millis` milliseconds at most.
    pub(crate) fn drain(&mut self, function: &Function, millis: u64) {
        function.deadline(millis).poll(|| {
            // The error is ignored, because the caller resets the device in any case.
            let _ = self.reclaim_all(function);
            self.tx.held() == 0
        });
    }

    /// Whether frames have arrived that weren't taken yet. `wanted` says whether the next frame should interrupt.
    pub(crate) fn has_frames(
        &mut self,
        function: &Function,
        wanted: bool,
    ) -> Result<bool, QueueFault> {
        self.rx.interrupt(function, wanted)?;
        self.rx.has_used(function)
    }

    /// Whether, at time `now`, no frame has left for more than `nanos` although frames wait and the link is up.
    /// Frames may have left unnoticed, because no caller had room for their buffers. So before this returns true, it
    /// takes all such buffers out of the queue.
    pub(crate) fn stands_still(
        &mut self,
        function: &Function,
        up: bool,
        now: u64,
        nanos: u64,
    ) -> Result<bool, QueueFault> {
        if !self.watch.hangs(self.tx.held(), up, now, nanos) {
            return Ok(false);
        }
        let sent = self.reclaim_all(function)?;
        self.watch.came_back(sent);
        Ok(self.watch.hangs(self.tx.held(), up, now, nanos))
    }

    /// Takes back all buffers whose frames have left, keeps them for later batches, and returns their number.
    fn reclaim_all(&mut self, function: &Function) -> Result<usize, QueueFault> {
        let mut sent = 0;
        while let Some(packet) = self.reclaim(function)? {
            // The list never grows beyond its capacity. After an exchange the list is empty or the batch is full. If
            // the batch is full, no more packets went in than came out. So the list and the queue together never hold
            // more packets than the queue alone has room for.
            self.returned.push(packet);
            sent += 1;
        }
        Ok(sent)
    }

    /// Exchanges packets: see [`NetDevice`](samara_interfaces::NetDevice::exchange).
    pub(crate) fn exchange(
        &mut self,
        function: &Function,
        up: bool,
        mut tx: Packets,
        mut rx: Packets,
    ) -> Outcome {
        fault_point!(Moved);
        let frames = tx.len();
        let (mut unsent, mut received) = (frames, 0);
        let sent = self.send(function, up, &mut tx, &mut unsent);
        while !tx.is_full()
            && let Some(packet) = self.returned.pop()
        {
            let _ = tx.push_back(packet);
        }
        fault_point!(InFlight);
        let done = sent.and_then(|sent| {
            self.receive(function, &mut rx, &mut received)?;
            Ok(sent)
        });
        let sent = done.unwrap_or(0);
        let moved = received != 0 || sent != 0 || unsent != frames;
        Outcome {
            ask: self.watch.call(moved, sent),
            broken: done.is_err(),
            exchanged: Exchanged {
                tx,
                rx,
                unsent,
                received,
            },
        }
    }

    /// Sends as many of the first `unsent` frames of `tx` as there is room for. Takes back buffers whose frames have
    /// left. Returns the number of buffers that came back. When a frame has left `tx`, a buffer takes its place.
    fn send(
        &mut self,
        function: &Function,
        up: bool,
        tx: &mut Packets,
        unsent: &mut usize,
    ) -> Result<usize, QueueFault> {
        let mut sent = 0;
        loop {
            let before = sent;
            while up && *unsent > 0 {
                let mut spare = None;
                if self.tx.room() == 0 {
                    spare = self.reclaim(function)?;
                    if spare.is_none() {
                        break;
                    }
                    sent += 1;
                }
                if let Some(frame) = tx.pop_front() {
                    self.send_one(function, frame, tx);
                }
                *unsent -= 1;
                if let Some(Err(spare)) = spare.map(|spare| tx.push_back(spare)) {
                    self.returned.push(spare);
                }
            }
            fault_point!(Submit);
            self.tx.ring(function)?;
            while !tx.is_full()
                && let Some(packet) = self.reclaim(function)?
            {
                sent += 1;
                let _ = tx.push_back(packet);
            }
            // Another round is useful only if buffers came back, because only they make room for further frames.
            if *unsent == 0 || sent == before || !up {
                return Ok(sent);
            }
        }
    }

    /// Puts a frame into the transmit queue, which has room. A packet that can't be sent goes back to `tx` as a buffer.
    fn send_one(&mut self, function: &Function, mut frame: RRef<Packet>, tx: &mut Packets) {
        let refused = if pad(&mut frame, self.longest) {
            let (direction, bytes) = (Direction::ToDevice, Packet::bytes_mut);
            let put = self.tx.put(function, &PLAIN, direction, frame, bytes);
            put.err().map(|(_, frame)| frame)
        } else {
            Some(frame)
        };
        if let Some(frame) = refused {
            self.statistics.tx_errors += 1;
            let _ = tx.push_back(frame);
        }
    }

    /// Takes out of the transmit queue the next packet that the device has sent, and counts it.
    fn reclaim(&mut self, function: &Function) -> Result<Option<RRef<Packet>>, QueueFault> {
        let Some((packet, _)) = self.tx.next(function)? else {
            return Ok(None);
        };
        self.statistics.tx_packets += 1;
        self.statistics.tx_bytes += packet.len() as u64 + CHECK;
        Ok(Some(packet))
    }

    /// Replaces packets of `rx`, from number `received` on, by frames that have arrived.
    fn receive(
        &mut self,
        function: &Function,
        rx: &mut Packets,
        received: &mut usize,
    ) -> Result<(), QueueFault> {
        while *received < rx.len()
            && let Some((mut packet, used)) = self.rx.next(function)?
        {
            fault_point!(Completion);
            if accept(&mut packet, used.written as usize) {
                self.statistics.rx_packets += 1;
                self.statistics.rx_bytes += packet.len() as u64 + CHECK;
                packet = match rx.replace(*received, packet) {
                    Ok(mut empty) => {
                        *received += 1;
                        // The buffer is cleared, because the next frame in it may go to another client and the device
                        // may report more bytes than it wrote.
                        empty.room_mut().fill(0);
                        empty
                    }
                    Err(packet) => packet,
                };
            } else {
                self.statistics.rx_errors += 1;
            }
            self.receive_into(function, packet);
        }
        Ok(self.rx.ring(function)?)
    }
}

/// Returns a packet's whole buffer, into which the device may receive.
fn whole(packet: &mut Packet) -> &mut [u8] {
    packet.room_mut()
}

/// Sets the length of a received frame. `written` is the number of bytes that the device reports, with the virtio
/// header. Returns false if the bytes are no frame.
fn accept(packet: &mut Packet, written: usize) -> bool {
    let length = written.checked_sub(VIRTIO_HEADER);
    let length = length.filter(|&length| length >= HEADER);
    length.is_some_and(|length| packet.set_len(length).is_ok())
}

/// Pads a short frame. Returns false if the packet is too short or too long to be sent.
fn pad(packet: &mut Packet, longest: usize) -> bool {
    let length = packet.len();
    if !(HEADER..=longest).contains(&length) {
        return false;
    }
    if length < SHORTEST && packet.set_len(SHORTEST).is_ok() {
        packet.bytes_mut()[length..].fill(0);
    }
    true
}
