//! The two queues: what the lock guards, and the exchange itself.

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
/// A frame's header (§5.1.6): no offload, since none was negotiated. What a device says there is ignored.
const PLAIN: Bytes = [0; 16];
const VIRTIO_HEADER: usize = 12;
/// Shorter frames are padded to this; and the check sequence, which statistics count.
const SHORTEST: usize = 60;
const CHECK: u64 = 4;

type RxQueue = PacketQueue<VirtioNet, { VirtioNet::RX }, Packet>;
type TxQueue = PacketQueue<VirtioNet, { VirtioNet::TX }, Packet>;

/// The receive and the transmit queue.
pub(crate) struct Pair {
    rx: RxQueue,
    tx: TxQueue,
    /// Bytes of the longest frame that is sent.
    longest: usize,
    /// Buffers of frames that a reset took back; their owner gets them with those that were sent.
    returned: Vec<RRef<Packet>>,
    /// Room for the receive queue's packets while the device is reset.
    shelf: Vec<RRef<Packet>>,
    pub(crate) watch: Watch,
    pub(crate) statistics: NetStatistics,
}

/// What became of an exchange.
pub(crate) struct Outcome {
    pub(crate) exchanged: Exchanged,
    /// The device broke its protocol.
    pub(crate) broken: bool,
    /// It's time to ask the clock whether a look at the device is due.
    pub(crate) ask: bool,
}

impl Pair {
    /// Queues for frames of `mtu` bytes of payload, empty.
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

    /// Frames that the transmit queue holds at most, once it is empty.
    pub(crate) fn tx_room(&self) -> u16 {
        self.tx.room() as u16
    }

    /// Starts both queues, gives the receive queue its packets, and sets the device to work. The receive queue interrupts by
    /// `vector` when that is asked for.
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

    /// Puts a packet into the receive queue; false, and it's on the shelf, if it isn't to be had.
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

    /// Waits until what was given to the device has left, for `millis` at most.
    pub(crate) fn drain(&mut self, function: &Function, millis: u64) {
        function.deadline(millis).poll(|| {
            // One that breaks its protocol is reset in any case.
            let _ = self.reclaim_all(function);
            self.tx.held() == 0
        });
    }

    /// Whether anything has arrived that wasn't taken; `wanted` says whether the next frame is to interrupt.
    pub(crate) fn has_frames(
        &mut self,
        function: &Function,
        wanted: bool,
    ) -> Result<bool, QueueFault> {
        self.rx.interrupt(function, wanted)?;
        self.rx.has_used(function)
    }

    /// Whether frames have waited to leave for `nanos` by time `now`. Callers may have had no room for buffers of those that left, so
    /// the queue itself is asked before that is believed.
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

    /// Takes all buffers back whose frames have left, for their owner to get them later; how many.
    fn reclaim_all(&mut self, function: &Function) -> Result<usize, QueueFault> {
        let mut sent = 0;
        while let Some(packet) = self.reclaim(function)? {
            // There's room: an exchange leaves no buffer here that its batch has room for, so those here and those in the queue
            // are never more than the queue holds.
            self.returned.push(packet);
            sent += 1;
        }
        Ok(sent)
    }

    /// The exchange: see [`NetDevice`](samara_interfaces::NetDevice::exchange).
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

    /// Sends the first `unsent` frames of `tx`, as many as there's room for, and takes buffers back whose frames have left;
    /// how many. Each frame goes before a buffer comes in its place.
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
            // What came back has made room for more, or there's nothing to be done.
            if *unsent == 0 || sent == before || !up {
                return Ok(sent);
            }
        }
    }

    /// Puts a frame into the transmit queue, which has room; what is none, or can't be sent, is a buffer of `tx` again.
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

    /// The next packet that was sent.
    fn reclaim(&mut self, function: &Function) -> Result<Option<RRef<Packet>>, QueueFault> {
        let Some((packet, _)) = self.tx.next(function)? else {
            return Ok(None);
        };
        self.statistics.tx_packets += 1;
        self.statistics.tx_bytes += packet.len() as u64 + CHECK;
        Ok(Some(packet))
    }

    /// Exchanges packets of `rx`, from number `received` on, for frames that have arrived.
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
                        // The next frame may be another client's, and the device say that it is longer than it is.
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

/// All of a packet's buffer: what the device may receive into.
fn whole(packet: &mut Packet) -> &mut [u8] {
    packet.room_mut()
}

/// Makes a packet, of which the device says that it wrote `written` bytes, a frame of that length; false if it is none.
fn accept(packet: &mut Packet, written: usize) -> bool {
    let length = written.checked_sub(VIRTIO_HEADER);
    let length = length.filter(|&length| length >= HEADER);
    length.is_some_and(|length| packet.set_len(length).is_ok())
}

/// Pads a frame that is short; false if it's no frame that can be sent.
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
