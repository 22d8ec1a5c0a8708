//! A queue pair: what the lock guards, and the exchange itself.

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

/// The shortest frame that the device pads (section 8.2.3.22.8): shorter ones are padded to this here.
const SHORTEST: usize = 17;
/// A frame has at least its header.
const HEADER: usize = 14;

type RxRing = Ring<Ixgbe, { Ixgbe::RX }, Packet>;
type TxRing = Ring<Ixgbe, { Ixgbe::TX }, Packet>;
type Receiving<'r> = OpenRing<'r, Ixgbe, { Ixgbe::RX }, Packet>;
type Transmitting<'r> = OpenRing<'r, Ixgbe, { Ixgbe::TX }, Packet>;

/// A receive and a transmit queue of the same number.
pub(crate) struct Pair {
    rx: RxRing,
    tx: TxRing,
    longest: usize,
    /// A packet that spans buffers is being dropped.
    skipping: bool,
    /// Buffers of frames that a reset took back; their owner gets them with those that were sent.
    returned: Vec<RRef<Packet>>,
    /// Room for the receive ring's packets while the device is reset.
    shelf: Vec<RRef<Packet>>,
    pub(crate) watch: Watch,
    order: Order,
    pub(crate) tx_errors: u64,
    pub(crate) rx_errors: u64,
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
    /// Rings for queue `number`, empty.
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

    /// Starts both queues and gives the receive queue its packets.
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

    /// Waits until what was given to the device has left, for `millis` at most; then disables both queues
    /// and takes the packets back.
    pub(crate) fn stop(&mut self, function: &Function, millis: u64) -> Result<(), QueueError> {
        function.deadline(millis).poll(|| {
            // One whose ring isn't to be had is stopped all the same.
            let _ = self.reclaim_all(function);
            self.tx.held() == 0
        });
        self.tx.stop(function)?;
        self.rx.stop(function)?;
        self.take_back(function)?;
        Ok(())
    }

    /// Whether anything has arrived that wasn't taken.
    pub(crate) fn has_frames(&mut self, function: &Function) -> Result<bool, QueueError> {
        Ok(self.rx.open(function)?.done().is_some())
    }

    /// Whether the device stands still, in either direction, by what is seen at time `now`. Callers may have had no room for buffers
    /// of frames that left, so the queue itself is asked before a hang of transmission is believed.
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

    /// Takes all buffers back whose frames have left, for their owner to get them later; how many.
    fn reclaim_all(&mut self, function: &Function) -> Result<usize, QueueError> {
        let mut sending = self.tx.open(function)?;
        let mut sent = 0;
        while let Some(packet) = reclaim(&mut sending) {
            // There's room: an exchange leaves no buffer here that its batch has room for, so those here and those in the ring
            // are never more than the ring holds.
            self.returned.push(packet);
            sent += 1;
        }
        Ok(sent)
    }

    /// The exchange: see [`NetDevice`](samara_interfaces::NetDevice::exchange).
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
            // What came back has made room for more, or there's nothing to be done.
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

    /// Goes on with what [`exchange`](Self::exchange) receives, where what's next is no frame; how many were received, and
    /// whether the device broke its protocol. Opens the ring anew: lent to this, it would lie in memory also where
    /// all is well.
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

/// The next packet that was sent.
#[inline]
fn reclaim(sending: &mut Transmitting<'_>) -> Option<RRef<Packet>> {
    sending.done()?;
    sending.take()
}

/// All of a packet's buffer: what the device may receive into.
#[inline]
fn whole(packet: &mut Packet) -> &mut [u8] {
    packet.room_mut()
}

/// Puts frames of `tx` into the ring, from the first on, each for a packet that comes back and takes its
/// place; returns how many. If frames are left then, those packets stand behind them.
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

/// Puts the first `unsent` of `tx` into the ring, as many as it has room for; returns how many are left.
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

/// A frame that the device would refuse to pad, padded; given back if it's no frame at all.
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

/// What was received and is no frame.
#[derive(Default)]
struct Dropped {
    skipping: bool,
    count: u64,
    broken: bool,
}

/// Whether a packet is a frame; sets its length.
#[inline]
fn accept(what: Done, packet: &mut Packet) -> bool {
    fault_point!(Completion);
    frame(what).is_ok_and(|len| packet.set_len(len).is_ok())
}

/// Drops what has arrived if it's no frame, or part of one, and receives it if it is.
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
    // There's room: one was just taken out.
    let _ = receiving.put(packet, whole);
    count
}

fn discard(dropped: &mut Dropped, damage: Option<Damage>, last: bool) {
    if damage == Some(Damage::Empty) {
        // Some devices give an empty buffer back now and then. It is part of no packet: one that is being skipped goes on
        // behind it.
        dropped.count += 1;
        return;
    }
    dropped.broken |= damage == Some(Damage::Length);
    if last {
        dropped.count += 1;
    }
    dropped.skipping = !last;
}
