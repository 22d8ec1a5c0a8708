//! A receive and a transmit queue, which a lock guards, and the exchange of packets with them.

use alloc::vec::Vec;

use samara_device_io::queue::{Done, OpenRing, QueueError, Ring};
use samara_device_tables::{Ixgbe, ixgbe};
use samara_domain::RRef;
use samara_driver::poll_interval::Watch;
use samara_interfaces::net::{CAPACITY, Exchanged, Packet, Packets};

use crate::args::Limits;
use crate::error::InitError;
use crate::faults::fault_point;
use crate::frame::{Damage, frame, is_last};
use crate::registers::Function;
use crate::watch::Order;

/// The shortest frame that the device pads (section 8.2.3.22.8). The driver pads shorter frames to this many bytes.
const SHORTEST: usize = 17;
/// Bytes of an Ethernet header, which every frame has.
const HEADER: usize = 14;

type RxRing = Ring<Ixgbe, { Ixgbe::RX }, Packet>;
type TxRing = Ring<Ixgbe, { Ixgbe::TX }, Packet>;
type Receiving<'r> = OpenRing<'r, Ixgbe, { Ixgbe::RX }, Packet>;
type Transmitting<'r> = OpenRing<'r, Ixgbe, { Ixgbe::TX }, Packet>;

/// A receive and a transmit queue of the same number.
pub(crate) struct Pair {
    rx: RxRing,
    tx: TxRing,
    /// Bytes of the longest frame that may be sent.
    longest: usize,
    /// Whether the driver is dropping a packet: then the next buffers, up to the end of the packet, are dropped, too.
    skipping: bool,
    /// Buffers from the transmit queue that were not given to a caller yet, because no batch had room or a reset took
    /// them back. They go to the next batches that have room.
    returned: Vec<RRef<Packet>>,
    /// The packets of the receive queue that are outside the queue at the moment, for example during a reset.
    shelf: Vec<RRef<Packet>>,
    pub(crate) watch: Watch,
    order: Order,
    pub(crate) tx_errors: u64,
    pub(crate) rx_errors: u64,
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
    /// Makes the receive and the transmit queue `number`, empty, and allocates the receive queue's packets.
    pub(crate) fn new(
        function: &Function,
        number: u16,
        limits: &Limits,
    ) -> Result<Self, InitError> {
        let room = |entries: u32| {
            let mut list = Vec::new();
            list.try_reserve_exact(entries as usize)
                .map_err(|_| InitError::Memory)?;
            Ok::<_, InitError>(list)
        };
        let mut pair = Self {
            rx: Ring::new(function, number, limits.rx_entries, CAPACITY)?,
            tx: Ring::new(function, number, limits.tx_entries, 0)?,
            longest: limits.longest(),
            skipping: false,
            returned: room(limits.tx_entries)?,
            shelf: room(limits.rx_entries)?,
            watch: Watch::default(),
            order: Order::default(),
            tx_errors: 0,
            rx_errors: 0,
        };
        for _ in 1..limits.rx_entries {
            pair.shelf.push(Packet::alloc()?);
        }
        Ok(pair)
    }

    /// Starts both queues and gives the receive queue its packets. If `drop`, the device drops a frame for which
    /// there is no buffer; otherwise the frame waits for a buffer.
    pub(crate) fn start(&mut self, function: &Function, drop: bool) -> Result<(), QueueError> {
        self.skipping = false;
        self.watch.reset();
        self.order = Order::default();
        self.tx.start(function, 0)?;
        let drop = if drop { ixgbe::DROP } else { 0 };
        self.rx.start(function, drop)?;
        let mut receiving = self.rx.open(function)?;
        while let Some(packet) = self.shelf.pop() {
            if let Err((_, packet)) = receiving.put(packet, whole) {
                self.shelf.push(packet);
                break;
            }
        }
        receiving.publish();
        Ok(())
    }

    /// Takes all packets back from queues that don't run.
    pub(crate) fn take_back(&mut self, function: &Function) -> Result<(), QueueError> {
        let mut receiving = self.rx.open(function)?;
        while let Some(packet) = receiving.take_back() {
            self.shelf.push(packet);
        }
        let mut sending = self.tx.open(function)?;
        while let Some(packet) = sending.take_back() {
            self.returned.push(packet);
        }
        Ok(())
    }

    /// Waits until all frames that the device was given have left, for `millis` milliseconds at most. Then disables
    /// both queues and takes the packets back. If some frames have not left, the call fails and the queues stay
    /// enabled.
    pub(crate) fn stop(&mut self, function: &Function, millis: u64) -> Result<(), QueueError> {
        function.deadline(millis).poll(|| {
            // The error is ignored: if the ring can't be opened, the stop below is tried all the same.
            let _ = self.reclaim_all(function);
            self.tx.held() == 0
        });
        self.tx.stop(function)?;
        self.rx.stop(function)?;
        self.take_back(function)?;
        Ok(())
    }

    /// Whether anything has arrived that wasn't taken yet.
    pub(crate) fn has_frames(&mut self, function: &Function) -> Result<bool, QueueError> {
        Ok(self.rx.open(function)?.done().is_some())
    }

    /// Whether the device stands still in one of the two directions at time `now`. Reception stands still if, for
    /// more than `nanos`, the report of a received frame is missing while later frames are reported. Transmission
    /// stands still if, for as long, no frame has left although frames wait and the link is up. Frames may have left
    /// unnoticed, because no caller had room for their buffers. So before it reports that transmission stands still,
    /// the driver takes all such buffers out of the queue.
    pub(crate) fn stands_still(
        &mut self,
        function: &Function,
        up: bool,
        now: u64,
        nanos: u64,
    ) -> Result<bool, QueueError> {
        let disorder = self.rx.open(function)?.is_out_of_order();
        if self.order.is_lost(disorder, now, nanos) {
            return Ok(true);
        }
        if !self.watch.hangs(self.tx.held() as usize, up, now, nanos) {
            return Ok(false);
        }
        let sent = self.reclaim_all(function)?;
        self.watch.came_back(sent);
        Ok(self.watch.hangs(self.tx.held() as usize, up, now, nanos))
    }

    /// Takes back all buffers whose frames have left, keeps them for later batches, and returns their number.
    fn reclaim_all(&mut self, function: &Function) -> Result<usize, QueueError> {
        let mut sending = self.tx.open(function)?;
        let mut sent = 0;
        while let Some(packet) = reclaim(&mut sending) {
            // The list never grows beyond its capacity. After an exchange the list is empty or the batch is full. If
            // the batch is full, no more packets went in than came out. So the list and the ring together never hold
            // more packets than the ring alone has room for.
            self.returned.push(packet);
            sent += 1;
        }
        Ok(sent)
    }

    /// Exchanges packets: see [`NetDevice`](samara_interfaces::NetDevice::exchange).
    #[inline]
    pub(crate) fn exchange(
        &mut self,
        function: &Function,
        up: bool,
        mut tx: Packets,
        mut rx: Packets,
    ) -> Result<Outcome, QueueError> {
        fault_point!(Moved);
        let frames = tx.len();
        let mut sending = self.tx.open(function)?;
        let mut unsent = frames;
        let mut sent = 0;
        if up {
            sent = trade(&mut sending, &mut tx, self.longest);
            unsent -= sent;
        }
        loop {
            if up {
                unsent = send(
                    &mut sending,
                    &mut tx,
                    unsent,
                    self.longest,
                    &mut self.tx_errors,
                );
                fault_point!(Submit);
                sending.publish();
            }
            let before = sent;
            while !tx.is_full()
                && let Some(packet) = reclaim(&mut sending)
            {
                sent += 1;
                let _ = tx.push_back(packet);
            }
            // Another round is useful only if buffers came back, because only they make room for further frames.
            if unsent == 0 || sent == before || !up {
                break;
            }
        }
        drop(sending);
        while !tx.is_full()
            && let Some(packet) = self.returned.pop()
        {
            let _ = tx.push_back(packet);
        }
        fault_point!(InFlight);
        let mut receiving = self.rx.open(function)?;
        let mut received = 0;
        if !self.skipping {
            received = receiving.trade(&mut rx, |done, out, _| accept(done, out), whole);
        }
        let stopped = received < rx.len() && receiving.done().is_some();
        receiving.publish();
        drop(receiving);
        let mut broken = false;
        if stopped {
            (received, broken) = self.sort_out(function, &mut rx, received)?;
        }
        let moved = received != 0 || sent != 0 || unsent != frames;
        let exchanged = Exchanged {
            tx,
            rx,
            unsent,
            received,
        };
        Ok(Outcome {
            exchanged,
            broken,
            ask: self.watch.call(moved, sent),
        })
    }

    /// Receives the rest of a batch for [`exchange`](Self::exchange) when the next buffer holds no frame, or a packet
    /// is being skipped. Returns how many frames the batch has received in all, and whether the device broke its
    /// protocol.
    ///
    /// Opens the ring anew. If `exchange` lent its open ring to this function, that ring would lie in memory and not
    /// in registers, even when this function is not called.
    #[cold]
    #[inline(never)]
    fn sort_out(
        &mut self,
        function: &Function,
        rx: &mut Packets,
        mut received: usize,
    ) -> Result<(usize, bool), QueueError> {
        let mut receiving = self.rx.open(function)?;
        let mut dropped = Dropped {
            skipping: self.skipping,
            ..Dropped::default()
        };
        while received < rx.len()
            && let Some(what) = receiving.done()
        {
            received = one(&mut receiving, rx, what, received, &mut dropped);
        }
        receiving.publish();
        self.skipping = dropped.skipping;
        self.rx_errors += dropped.count;
        Ok((received, dropped.broken))
    }
}

/// Takes out of the ring the next packet that the device has sent.
#[inline]
fn reclaim(sending: &mut Transmitting<'_>) -> Option<RRef<Packet>> {
    sending.done()?;
    sending.take()
}

/// Returns a packet's whole buffer, into which the device may receive.
#[inline]
fn whole(packet: &mut Packet) -> &mut [u8] {
    packet.room_mut()
}

/// Puts frames of `tx` into the ring, from the first on, as long as sent packets come back. Each packet that comes
/// back takes the place of a frame. Returns how many frames went in. If frames are left at the end, the packets that
/// came back are moved behind them.
#[inline]
fn trade(sending: &mut Transmitting<'_>, tx: &mut Packets, longest: usize) -> usize {
    let frames = tx.len();
    let is_whole = |frame: &[u8]| (SHORTEST..=longest).contains(&frame.len());
    let traded = sending.trade(tx, |_, _, frame| is_whole(frame), Packet::bytes_mut);
    if traded < frames {
        for _ in 0..traded {
            let _ = tx.pop_front().map(|packet| tx.push_back(packet));
        }
    }
    traded
}

/// Puts the first `unsent` frames of `tx` into the ring, as many as it has room for. Returns how many are left. A
/// packet that can't be sent is counted in `errors` and goes to the end of `tx`, as a buffer.
#[inline]
fn send(
    sending: &mut Transmitting<'_>,
    tx: &mut Packets,
    mut unsent: usize,
    longest: usize,
    errors: &mut u64,
) -> usize {
    let mut room = sending.room();
    while unsent > 0 && room > 0 {
        let Some(mut packet) = tx.pop_front() else {
            break;
        };
        unsent -= 1;
        let len = packet.len();
        if len < SHORTEST || len > longest {
            packet = match padded(packet, longest) {
                Ok(packet) => packet,
                Err(packet) => {
                    *errors += 1;
                    let _ = tx.push_back(packet);
                    continue;
                }
            };
        }
        match sending.put(packet, Packet::bytes_mut) {
            Ok(()) => room -= 1,
            Err((_, packet)) => {
                *errors += 1;
                let _ = tx.push_back(packet);
            }
        }
    }
    unsent
}

/// Pads a frame that is too short for the device to pad. If the packet is too short or too long for a frame, gives it
/// back.
#[cold]
#[inline(never)]
fn padded(mut packet: RRef<Packet>, longest: usize) -> Result<RRef<Packet>, RRef<Packet>> {
    let len = packet.len();
    if !(HEADER..=longest).contains(&len) || packet.set_len(len.max(SHORTEST)).is_err() {
        return Err(packet);
    }
    if let Some(padding) = packet.bytes_mut().get_mut(len..) {
        padding.fill(0);
    }
    Ok(packet)
}

/// Counts received buffers that hold no whole frame and are dropped.
#[derive(Default)]
struct Dropped {
    skipping: bool,
    count: u64,
    broken: bool,
}

/// Sets the length of a received frame. Returns false if the packet's bytes are no frame.
#[inline]
fn accept(what: Done, packet: &mut Packet) -> bool {
    fault_point!(Completion);
    frame(what).is_ok_and(|len| packet.set_len(len).is_ok())
}

/// Takes the next buffer out of the ring. If the buffer holds a frame, receives it into `rx` as number `received`.
/// Drops the buffer's content if it holds no frame, or belongs to a packet that is being skipped. Returns how many
/// frames were received by now.
fn one(
    receiving: &mut Receiving<'_>,
    rx: &mut Packets,
    what: Done,
    received: usize,
    dropped: &mut Dropped,
) -> usize {
    let Some(mut packet) = receiving.take() else {
        return received;
    };
    let mut count = received;
    if frame(what).is_err() || dropped.skipping {
        discard(dropped, frame(what).err(), is_last(what));
    } else if accept(what, &mut packet) {
        packet = match rx.replace(received, packet) {
            Ok(empty) => {
                count += 1;
                empty
            }
            Err(packet) => packet,
        };
    }
    // There is room, because a packet was just taken out.
    let _ = receiving.put(packet, whole);
    count
}

fn discard(dropped: &mut Dropped, damage: Option<Damage>, last: bool) {
    if damage == Some(Damage::Empty) {
        // Some devices give an empty buffer back now and then. It belongs to no packet, so a packet that is being
        // skipped goes on after it.
        dropped.count += 1;
        return;
    }
    dropped.broken |= damage == Some(Damage::Length);
    if last {
        dropped.count += 1;
    }
    dropped.skipping = !last;
}
