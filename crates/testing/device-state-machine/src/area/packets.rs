//! Steps with the virtqueues of a virtio network card. They hold packets.

use std::cell::Cell;

use samara_device_io::PciFunction;
use samara_device_io::dma::Refused;
use samara_device_io::queue::{PacketQueue, QueueError, Used};
use samara_device_io::table::Direction;
use samara_device_tables::VirtioNet;

use super::Hand;
use super::chains::fault;
use super::pairs::foreign;
use super::rings::{choosing, part_of};
use crate::coverage::{Milestone, note};
use crate::driver::{Driver, PACKET, Packet, Places, Queued};
use crate::ledger::{self, Holder, Offer};
use crate::step::Numbers;
use crate::surface::{call, traits};

type Function = PciFunction<VirtioNet>;
type Queue<const Q: usize> = PacketQueue<VirtioNet, Q, Packet>;

pub(super) fn step(hand: &Hand<'_>, numbers: &mut Numbers) {
    let Driver { net_rx, net_tx, .. } = hand.driver;
    match numbers.below(20) {
        0 => make(net_rx, hand, numbers),
        1 => make(net_tx, hand, numbers),
        2 => with(net_rx, hand, numbers, start),
        3 => with(net_tx, hand, numbers, start),
        4..7 => with(net_rx, hand, numbers, put),
        7..10 => with(net_tx, hand, numbers, put),
        10 => with(net_rx, hand, numbers, take_back),
        11 => with(net_tx, hand, numbers, take_back),
        12..16 => with(net_rx, hand, numbers, ring_and_take),
        _ => with(net_tx, hand, numbers, ring_and_take),
    }
}

/// Length in bytes of the header before a packet.
const HEADER: usize = 12;

/// Runs `f` with a queue and a PCI function, usually the function that the queue belongs to.
pub(super) fn with<const Q: usize, const N: usize>(
    queues: &Places<Queued<Queue<Q>>, N>,
    hand: &Hand<'_>,
    numbers: &mut Numbers,
    f: fn(&Hand<'_>, &mut Queued<Queue<Q>>, &Function, Holder, &mut Numbers),
) {
    let current = hand.current::<VirtioNet>(numbers);
    let is_current = |it: &Queued<Queue<Q>>| it.fits(current);
    let Some(mut place) = queues.mostly(numbers, is_current) else {
        return;
    };
    let Some(queued) = place.as_mut() else { return };
    hand.with::<VirtioNet, _>(numbers, Some(queued.holder), |function, holder, numbers| {
        f(hand, queued, function, holder, numbers);
    });
}

/// Chooses the number of descriptors of a queue, mostly a valid one.
pub(super) fn entries(numbers: &mut Numbers) -> u32 {
    match numbers.below(16) {
        0 => numbers.of_these(&[2, 12, 0, 1024, 1 << 20]),
        _ => numbers.of_these(&[16, 16, 8, 4, 64]),
    }
}

pub(super) fn make<const Q: usize, const N: usize>(
    queues: &Places<Queued<Queue<Q>>, N>,
    hand: &Hand<'_>,
    numbers: &mut Numbers,
) {
    hand.with::<VirtioNet, _>(numbers, None, |function, holder, numbers| {
        let right = Q as u16;
        let number = match numbers.below(16) {
            0 => numbers.of_these(&[1 - right, 2]),
            _ => right,
        };
        let entries = entries(numbers);
        ledger::making();
        match call!(PacketQueue::new, function, number, entries) {
            Ok(queue) => {
                let queued = Queued::new(queue, holder);
                drop(queues.put(numbers, queued));
            }
            Err(error) => {
                ledger::no_queue();
                traits!(&error, QueueError: Debug, Display, Clone, Eq);
            }
        }
    });
}

pub(super) fn start<const Q: usize>(
    hand: &Hand<'_>,
    queued: &mut Queued<Queue<Q>>,
    function: &Function,
    holder: Holder,
    numbers: &mut Numbers,
) {
    let chosen = numbers.of_these(&[0xFFFF, 0xFFFF, 0, 1, 7, u64::MAX]);
    let started = call!(PacketQueue::start, &mut queued.queue, function, chosen);
    foreign(hand, queued.holder, holder, started.is_ok());
    hand.only_reset(holder, started.is_ok());
    queued.is_up |= started.is_ok();
    hand.law(
        started.is_err() || queued.count == 0,
        "a queue with packets in it was restarted",
    );
}

/// Chooses bytes of a packet, bytes outside of it, or none at all.
fn choose<'p>(hand: &Hand<'_>, numbers: &mut Numbers, packet: &'p mut Packet) -> &'p mut [u8] {
    match numbers.below(24) {
        0 => &mut [],
        1 => &mut packet[2000..],
        2 => samara_testkit::hosted::as_host(|| Box::leak(Box::new([0xFF_u8; PACKET]))),
        3 => &mut packet[64..],
        4 => {
            hand.stumble(numbers);
            packet
        }
        5..14 => &mut packet[..60],
        _ => packet,
    }
}

fn start_of(packet: &samara_rref::RRef<Packet>) -> usize {
    packet.as_ptr().addr()
}

pub(super) fn put<const Q: usize>(
    hand: &Hand<'_>,
    queued: &mut Queued<Queue<Q>>,
    function: &Function,
    holder: Holder,
    numbers: &mut Numbers,
) {
    for _ in 0..1 + numbers.below(5) {
        let Some(packet) = hand.driver.packet() else {
            return;
        };
        let start = start_of(&packet);
        let right = match Q {
            VirtioNet::RX => Direction::ToHost,
            _ => Direction::ToDevice,
        };
        let direction = match numbers.below(16) {
            0 => Direction::ToHost,
            1 => Direction::ToDevice,
            _ => right,
        };
        let mut head = [0; 16];
        head[numbers.below(16)] = numbers.of_these(&[0, 0, 0, 0xFF]);
        let room = call!(PacketQueue::room, &queued.queue);
        let offer = Offer::new(holder, start, PACKET);
        let queue = &mut queued.queue;
        let part = Cell::new((0, 0));
        let put = hand.caught(|| {
            call!(
                PacketQueue::put,
                queue,
                function,
                &head,
                direction,
                packet,
                choosing(|packet| {
                    let start = packet.as_ptr().addr();
                    part_of(start, choose(hand, numbers, packet), &part)
                })
            )
        });
        foreign(hand, queued.holder, holder, matches!(put, Some(Ok(()))));
        hand.own::<VirtioNet>(holder, matches!(put, Some(Ok(()))));
        match put {
            Some(Ok(())) => {
                offer.taken();
                ledger::chosen(start, part.get());
                queued.put(start);
                note(Milestone::PacketsPut);
                queued.count += 1;
                hand.law(room > 0, "a full queue accepted a packet");
            }
            Some(Err((refused, packet))) => {
                drop(offer);
                traits!(&refused, Refused: Debug, Display, Clone, Eq);
                hand.law(
                    start_of(&packet) == start,
                    "the packet that was given back is not the refused one",
                );
                hand.driver.keep_packet(packet);
            }
            None => {}
        }
    }
}

/// Rings the doorbell, lets the device work, and takes used packets.
pub(super) fn ring_and_take<const Q: usize>(
    hand: &Hand<'_>,
    queued: &mut Queued<Queue<Q>>,
    function: &Function,
    holder: Holder,
    numbers: &mut Numbers,
) {
    traits!(&queued.queue, Queue<Q>: Debug);
    hand.law(
        call!(PacketQueue::held, &queued.queue) == queued.count,
        "a queue reports another number of packets than were put and not taken",
    );
    if !numbers.one_in(4) {
        let rung = call!(PacketQueue::ring, &mut queued.queue, function);
        foreign(hand, queued.holder, holder, rung.is_ok());
        if rung.is_ok() {
            queued.told();
        }
    }
    if numbers.one_in(3) {
        let wanted = numbers.one_in(2);
        let asked = call!(PacketQueue::interrupt, &mut queued.queue, function, wanted);
        foreign(hand, queued.holder, holder, asked.is_ok());
    }
    if numbers.one_in(2) {
        function.clock().relax();
    }
    if let Err(error) = call!(PacketQueue::has_used, &queued.queue, function) {
        fault(hand, &error);
    }
    for _ in 0..numbers.below(6) {
        match call!(PacketQueue::next, &mut queued.queue, function) {
            Ok(Some((packet, used))) => {
                foreign(hand, queued.holder, holder, true);
                hand.own::<VirtioNet>(holder, true);
                note(Milestone::PacketsUsed);
                hand.law(
                    used.written as usize <= HEADER + PACKET,
                    "a device is reported to have written more than the packet holds",
                );
                traits!(&used, Used: Debug, Clone, Eq);
                queued.count -= 1;
                hand.law(
                    queued.was_told(start_of(&packet)),
                    "a packet is reported as used that the device was not told of",
                );
                ledger::back(holder, start_of(&packet));
                hand.driver.keep_packet(packet);
            }
            Ok(None) => break,
            Err(error) => {
                fault(hand, &error);
                break;
            }
        }
    }
}

fn take_back<const Q: usize>(
    hand: &Hand<'_>,
    queued: &mut Queued<Queue<Q>>,
    function: &Function,
    holder: Holder,
    _: &mut Numbers,
) {
    loop {
        match call!(PacketQueue::take_back, &mut queued.queue, function) {
            Ok(Some(packet)) => {
                note(Milestone::TakenBack);
                foreign(hand, queued.holder, holder, true);
                hand.own::<VirtioNet>(holder, true);
                queued.count -= 1;
                queued.untold.retain(|&start| start != start_of(&packet));
                ledger::back(holder, start_of(&packet));
                hand.driver.keep_packet(packet);
            }
            Ok(None) => break,
            Err(error) => {
                traits!(&error, QueueError: Debug, Display, Clone, Eq);
                break;
            }
        }
    }
}
