//! Steps with rings of descriptors, and with the packets in them.

use std::cell::Cell;
use std::mem;

use samara_device_io::PciFunction;
use samara_device_io::dma::Refused;
use samara_device_io::queue::{Damage, Done, OpenRing, QueueError, Ring};
use samara_device_tables::Ixgbe;
use samara_rref::{RRef, RRefDeque};
use samara_testkit::hosted::as_host;

use super::Hand;
use super::pairs::foreign;
use crate::coverage::{Milestone, note};
use crate::driver::{PACKET, Packet, Places, Queued, Rx, Tx};
use crate::expected_panics;
use crate::ledger::{self, Holder, Offer};
use crate::step::Numbers;
use crate::surface::{call, traits};

type Function = PciFunction<Ixgbe>;
type Open<'r, const Q: usize> = OpenRing<'r, Ixgbe, Q, Packet>;
/// A function that works on a ring through a PCI function.
type Doing<const Q: usize> =
    fn(&Hand<'_>, &mut Queued<Ring<Ixgbe, Q, Packet>>, &Function, Holder, &mut Numbers);
/// The largest number of packets that are traded at once.
const BATCH: usize = 4;

pub(super) fn step(hand: &Hand<'_>, numbers: &mut Numbers) {
    match numbers.below(20) {
        0 => make_rx(hand, numbers),
        1 => make_tx(hand, numbers),
        2 => with(&hand.driver.rx, hand, numbers, start),
        3 => with(&hand.driver.tx, hand, numbers, start),
        4 => with(&hand.driver.rx, hand, numbers, stop),
        5 => with(&hand.driver.tx, hand, numbers, stop),
        6..13 => with(&hand.driver.rx, hand, numbers, work),
        _ => with(&hand.driver.tx, hand, numbers, work),
    }
}

/// Runs `f` with a ring and a PCI function, usually the function that the ring belongs to.
pub(super) fn with<const Q: usize, const N: usize>(
    rings: &Places<Queued<Ring<Ixgbe, Q, Packet>>, N>,
    hand: &Hand<'_>,
    numbers: &mut Numbers,
    f: Doing<Q>,
) {
    let current = hand.current::<Ixgbe>(numbers);
    let is_current = |it: &Queued<Ring<Ixgbe, Q, Packet>>| it.fits(current);
    let Some(mut place) = rings.mostly(numbers, is_current) else {
        return;
    };
    let Some(queued) = place.as_mut() else { return };
    hand.with::<Ixgbe, _>(numbers, Some(queued.holder), |function, holder, numbers| {
        f(hand, queued, function, holder, numbers);
    });
}

fn made<const Q: usize>(
    result: Result<Ring<Ixgbe, Q, Packet>, QueueError>,
    holder: Holder,
) -> Option<Queued<Ring<Ixgbe, Q, Packet>>> {
    match result {
        Ok(queue) => Some(Queued::new(queue, holder)),
        Err(error) => {
            ledger::no_queue();
            traits!(&error, QueueError: Debug, Display, Clone, Eq);
            None
        }
    }
}

fn entries(numbers: &mut Numbers) -> u32 {
    match numbers.below(16) {
        0 => numbers.of_these(&[12, 4, 0, 1 << 20]),
        _ => numbers.of_these(&[8, 8, 8, 16, 32]),
    }
}

pub(super) fn make_rx(hand: &Hand<'_>, numbers: &mut Numbers) {
    hand.with::<Ixgbe, _>(numbers, None, |function, holder, numbers| {
        let number = match numbers.below(16) {
            0 => numbers.of_these(&[2, 64]),
            _ => numbers.of_these(&[0, 0, 0, 1]),
        };
        let buffer = match numbers.below(16) {
            0 => numbers.of_these(&[3000, 4096, 0]),
            _ => numbers.of_these(&[PACKET, PACKET, 1024]),
        };
        let entries = entries(numbers);
        ledger::making();
        let ring: Result<Rx, _> = call!(Ring::new, function, number, entries, buffer);
        if let Some(mut queue) = made(ring, holder) {
            queue.buffer = buffer;
            drop(hand.driver.rx.put(numbers, queue));
        }
    });
}

pub(super) fn make_tx(hand: &Hand<'_>, numbers: &mut Numbers) {
    hand.with::<Ixgbe, _>(numbers, None, |function, holder, numbers| {
        let number = match numbers.below(16) {
            0 => numbers.of_these(&[2, 128]),
            _ => numbers.of_these(&[0, 0, 0, 1]),
        };
        let entries = entries(numbers);
        ledger::making();
        let ring: Result<Tx, _> = call!(Ring::new, function, number, entries, 0);
        if let Some(queue) = made(ring, holder) {
            drop(hand.driver.tx.put(numbers, queue));
        }
    });
}

pub(super) fn start<const Q: usize>(
    hand: &Hand<'_>,
    queued: &mut Queued<Ring<Ixgbe, Q, Packet>>,
    function: &Function,
    holder: Holder,
    numbers: &mut Numbers,
) {
    let chosen = numbers.of_these(&[0, samara_device_tables::ixgbe::DROP, u64::MAX]);
    let started = call!(Ring::start, &mut queued.queue, function, chosen);
    foreign(hand, queued.holder, holder, started.is_ok());
    hand.only_reset(holder, started.is_ok());
    if started.is_ok() {
        note(Milestone::RingsStarted);
        queued.is_up = true;
    }
    hand.law(
        started.is_err() || queued.count == 0 && !queued.is_forgotten,
        "a ring with packets in it was restarted",
    );
}

fn stop<const Q: usize>(
    hand: &Hand<'_>,
    queued: &mut Queued<Ring<Ixgbe, Q, Packet>>,
    function: &Function,
    holder: Holder,
    _: &mut Numbers,
) {
    let stopped = call!(Ring::stop, &mut queued.queue, function);
    foreign(hand, queued.holder, holder, stopped.is_ok());
}

/// Opens the ring and runs some operations on it.
pub(super) fn work<const Q: usize>(
    hand: &Hand<'_>,
    queued: &mut Queued<Ring<Ixgbe, Q, Packet>>,
    function: &Function,
    holder: Holder,
    numbers: &mut Numbers,
) {
    traits!(&queued.queue, Ring<Ixgbe, Q, Packet>: Debug);
    let capacity = call!(Ring::capacity, &queued.queue) as usize;
    let held = call!(Ring::held, &queued.queue) as usize;
    hand.law(
        held <= capacity,
        "a ring holds more packets than its capacity",
    );
    hand.law(
        held == queued.count || queued.is_forgotten,
        "a ring reports another number of packets than were put and not taken",
    );
    let (of, buffer) = (queued.holder, queued.buffer);
    // Each packet is counted as soon as it goes in or out, because a panic may end this function anywhere. Another
    // thread may then use the ring and its count.
    let Queued {
        queue,
        count,
        is_forgotten,
        ..
    } = queued;
    let mut open = match call!(Ring::open, queue, function) {
        Ok(open) => open,
        Err(error) => {
            traits!(&error, QueueError: Debug, Display, Clone, Eq);
            return;
        }
    };
    foreign(hand, of, holder, true);
    hand.own::<Ixgbe>(holder, true);
    hand.law(
        !*is_forgotten,
        "a ring was opened after its open work was forgotten",
    );
    traits!(&open, Open<'_, Q>: Debug);
    for _ in 0..1 + numbers.below(10) {
        let changed = match numbers.below(14) {
            0..5 => put(hand, &mut open, (holder, buffer), numbers),
            5 | 6 => {
                call!(OpenRing::publish, &mut open);
                0
            }
            7..9 => take(hand, &mut open, holder, numbers),
            9 | 10 => trade(hand, &mut open, (holder, buffer), numbers),
            11 => take_back(hand, &mut open, holder),
            _ => {
                let _ = call!(OpenRing::is_out_of_order, &open);
                function.clock().relax();
                hand.inside(numbers);
                0
            }
        };
        *count = count.wrapping_add_signed(changed);
    }
    if numbers.one_in(48) {
        mem::forget(open);
        *is_forgotten = true;
    }
}

/// Chooses bytes of a packet, bytes outside of it, or none at all.
fn choose<'p>(hand: &Hand<'_>, numbers: &mut Numbers, packet: &'p mut Packet) -> &'p mut [u8] {
    match numbers.below(24) {
        0 => &mut [],
        1 => &mut packet[2000..],
        2 => as_host(|| Box::leak(Box::new([0xFF_u8; PACKET]))),
        3 => &mut packet[64..],
        4 => {
            hand.stumble(numbers);
            packet
        }
        5..14 => &mut packet[..60],
        _ => packet,
    }
}

/// Records where the chosen bytes lie in the packet that begins at `start`.
pub(super) fn part_of<'p>(
    start: usize,
    bytes: &'p mut [u8],
    part: &Cell<(usize, usize)>,
) -> &'p mut [u8] {
    part.set((bytes.as_ptr().addr().wrapping_sub(start), bytes.len()));
    bytes
}

/// Returns the part of a packet that the device may touch. A device that writes packets writes at most `buffer` bytes
/// into each; `buffer` is 0 if the device reads them.
fn limited((offset, bytes): (usize, usize), buffer: usize) -> (usize, usize) {
    match buffer {
        0 => (offset, bytes),
        _ => (offset, bytes.min(buffer)),
    }
}

/// Fixes the type of a closure that chooses bytes of many packets.
fn choosing_each<F: FnMut(&mut Packet) -> &mut [u8]>(choose: F) -> F {
    choose
}

/// Fixes the type of a closure that chooses bytes of one packet.
pub(super) fn choosing<F: FnOnce(&mut Packet) -> &mut [u8]>(choose: F) -> F {
    choose
}

fn start_of(packet: &RRef<Packet>) -> usize {
    packet.as_ptr().addr()
}

fn put<const Q: usize>(
    hand: &Hand<'_>,
    open: &mut Open<'_, Q>,
    (holder, buffer): (Holder, usize),
    numbers: &mut Numbers,
) -> isize {
    let Some(packet) = hand.driver.packet() else {
        return 0;
    };
    let start = start_of(&packet);
    let room = call!(OpenRing::room, open);
    let offer = Offer::new(holder, start, PACKET);
    let part = Cell::new((0, 0));
    let put = hand.caught(|| {
        let chosen = choosing(|packet| {
            let start = packet.as_ptr().addr();
            part_of(start, choose(hand, numbers, packet), &part)
        });
        call!(OpenRing::put, open, packet, chosen)
    });
    match put {
        Some(Ok(())) => {
            offer.taken();
            ledger::chosen(start, limited(part.get(), buffer));
            note(Milestone::PacketsInRings);
            hand.law(room > 0, "a full ring accepted a packet");
            1
        }
        Some(Err((refused, packet))) => {
            drop(offer);
            traits!(&refused, Refused: Debug, Display, Clone, Eq);
            hand.law(
                start_of(&packet) == start,
                "the packet that was given back is not the refused one",
            );
            hand.driver.keep_packet(packet);
            0
        }
        None => 0,
    }
}

fn came_out(hand: &Hand<'_>, holder: Holder, packet: Option<RRef<Packet>>) -> isize {
    match packet {
        Some(packet) => {
            ledger::back(holder, start_of(&packet));
            note(Milestone::PacketsOutOfRings);
            hand.driver.keep_packet(packet);
            -1
        }
        None => 0,
    }
}

fn take<const Q: usize>(
    hand: &Hand<'_>,
    open: &mut Open<'_, Q>,
    holder: Holder,
    numbers: &mut Numbers,
) -> isize {
    let mut out = 0;
    for _ in 0..=numbers.below(4) {
        if !numbers.one_in(8) {
            let Some(done) = call!(OpenRing::done, open) else {
                break;
            };
            written(hand, done);
        }
        out += came_out(hand, holder, call!(OpenRing::take, open));
    }
    out
}

fn written(hand: &Hand<'_>, done: Done) {
    traits!(&done, Done: Debug, Clone, Eq);
    match call!(Done::written, done) {
        Ok(bytes) => hand.law(
            bytes <= 16 << 10,
            "a device is reported to have written more than any buffer holds",
        ),
        Err(damage) => traits!(&damage, Damage: Debug, Display, Clone, Eq),
    }
}

fn take_back<const Q: usize>(hand: &Hand<'_>, open: &mut Open<'_, Q>, holder: Holder) -> isize {
    let mut out = 0;
    while let Some(packet) = call!(OpenRing::take_back, open) {
        out += came_out(hand, holder, Some(packet));
        note(Milestone::TakenBack);
    }
    out
}

/// The ledger's offers for the packets of a batch that is traded. If the domain dies during the trade, some packets
/// have changed owner already. So the drop of this value forgets the offers, and the ledger keeps their entries.
struct Offers(Vec<(usize, Offer)>);

impl Drop for Offers {
    fn drop(&mut self) {
        self.0.drain(..).for_each(mem::forget);
    }
}

fn trade<const Q: usize>(
    hand: &Hand<'_>,
    open: &mut Open<'_, Q>,
    (holder, buffer): (Holder, usize),
    numbers: &mut Numbers,
) -> isize {
    let Ok(mut batch) = RRefDeque::<Packet, BATCH>::try_new() else {
        return 0;
    };
    let mut offers = Offers(Vec::with_capacity(BATCH));
    for _ in 0..=numbers.below(BATCH) {
        if let Some(packet) = hand.driver.packet() {
            let start = start_of(&packet);
            if batch.push_back(packet).is_ok() {
                offers.0.push((start, Offer::new(holder, start, PACKET)));
            }
        }
    }
    let mut parts = Vec::with_capacity(BATCH);
    let traded = expected_panics::caught(|| {
        let mut own = Numbers::of(numbers.word());
        let prepare = |done, _: &mut Packet, _: &mut [u8]| {
            written(hand, done);
            hand.stumble(&mut own);
            !own.one_in(8)
        };
        let chosen = choosing_each(|into| {
            let (start, part) = (into.as_ptr().addr(), Cell::new((0, 0)));
            let bytes = part_of(start, choose(hand, numbers, into), &part);
            parts.push(part.get());
            bytes
        });
        call!(OpenRing::trade, open, &mut batch, prepare, chosen)
    });
    let mut count = 0;
    for (index, (start, offer)) in mem::take(&mut offers.0).into_iter().enumerate() {
        match batch.get(index).map(start_of) {
            Some(now) if now == start => drop(offer),
            Some(now) => {
                offer.taken();
                let part = parts.get(index).copied().unwrap_or_default();
                ledger::chosen(start, limited(part, buffer));
                ledger::back(holder, now);
                note(Milestone::PacketsTraded);
                count += 1;
            }
            None => hand.law(false, "a trade lost a member of its batch"),
        }
    }
    hand.law(
        traded.is_none_or(|traded| traded == count),
        "a trade reports another number than were traded",
    );
    while let Some(packet) = batch.pop_front() {
        hand.driver.keep_packet(packet);
    }
    hand.go_on(traded.is_some());
    // The ring's count does not change, because a trade takes out as many packets as it puts in.
    0
}

/// Fills the ring with packets and tells the device of them, to set up a scene.
pub(super) fn fill<const Q: usize>(
    hand: &Hand<'_>,
    queued: &mut Queued<Ring<Ixgbe, Q, Packet>>,
    function: &Function,
    holder: Holder,
    numbers: &mut Numbers,
) {
    let buffer = queued.buffer;
    let Queued { queue, count, .. } = queued;
    let Ok(mut open) = call!(Ring::open, queue, function) else {
        return;
    };
    for _ in 0..1 + numbers.below(8) {
        let changed = put(hand, &mut open, (holder, buffer), numbers);
        *count = count.wrapping_add_signed(changed);
    }
    call!(OpenRing::publish, &mut open);
}
