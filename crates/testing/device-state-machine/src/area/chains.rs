//! Steps with the virtqueue of a virtio disk. Its chains are requests, which carry DMA transfers.

use samara_device_io::PciFunction;
use samara_device_io::queue::{Chain, ChainQueue, QueueError, QueueFault, SubmitError};
use samara_device_io::table::Direction;
use samara_device_tables::VirtioBlock;

use super::Hand;
use super::data::{self, Read, Source};
use super::pairs::{foreign, part};
use crate::coverage::{Milestone, note};
use crate::driver::{Queued, Requests};
use crate::ledger::{self, Holder};
use crate::step::Numbers;
use crate::surface::{call, traits};

type Function = PciFunction<VirtioBlock>;

pub(super) fn step(hand: &Hand<'_>, numbers: &mut Numbers) {
    match numbers.below(12) {
        0 => make(hand, numbers),
        1 => with(hand, numbers, start),
        2..7 => put(hand, numbers),
        _ => with(hand, numbers, ring_and_take),
    }
}

/// Runs `f` with a queue and a PCI function, usually the function that the queue belongs to.
pub(super) fn with<R>(
    hand: &Hand<'_>,
    numbers: &mut Numbers,
    f: impl FnOnce(&Hand<'_>, &mut Queued<Requests>, &Function, Holder, &mut Numbers) -> R,
) {
    let current = hand.current::<VirtioBlock>(numbers);
    let is_current = |it: &Queued<Requests>| it.fits(current);
    let Some(mut place) = hand.driver.requests.mostly(numbers, is_current) else {
        return;
    };
    let Some(queued) = place.as_mut() else { return };
    hand.with::<VirtioBlock, _>(numbers, Some(queued.holder), |function, holder, numbers| {
        f(hand, queued, function, holder, numbers)
    });
}

pub(super) fn make(hand: &Hand<'_>, numbers: &mut Numbers) {
    hand.with::<VirtioBlock, _>(numbers, None, |function, holder, numbers| {
        let number = u16::from(numbers.one_in(24));
        let entries = super::packets::entries(numbers);
        ledger::making();
        match call!(ChainQueue::new, function, number, entries) {
            Ok(queue) => {
                let queued = Queued::new(queue, holder);
                drop(hand.driver.requests.put(numbers, queued));
            }
            Err(error) => {
                ledger::no_queue();
                traits!(&error, QueueError: Debug, Display, Clone, Eq);
            }
        }
    });
}

pub(super) fn start(
    hand: &Hand<'_>,
    queued: &mut Queued<Requests>,
    function: &Function,
    holder: Holder,
    numbers: &mut Numbers,
) {
    let chosen = numbers.of_these(&[0xFFFF, 0xFFFF, 0, 1, 7, u64::MAX]);
    let started = call!(ChainQueue::start, &mut queued.queue, function, chosen);
    foreign(hand, queued.holder, holder, started.is_ok());
    hand.only_reset(holder, started.is_ok());
    queued.is_up |= started.is_ok();
    if started.is_ok() {
        queued.told();
        queued.in_flight.clear();
    }
}

/// Returns the header of a request: a read, a write, a flush, a query of the device's name, or nonsense.
fn header(hand: &Hand<'_>, numbers: &mut Numbers, direction: Direction) -> [u8; 16] {
    let kind: u32 = match direction {
        _ if hand.plan.is_read => 0,
        Direction::ToHost => numbers.of_these(&[0, 0, 0, 8, 4, 99]),
        Direction::ToDevice => numbers.of_these(&[1, 1, 1, 4, 0, 99]),
    };
    let sector = numbers.of_these(&[0_u64, 0, 1, 100, 255, 1 << 40]);
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&kind.to_le_bytes());
    bytes[8..].copy_from_slice(&sector.to_le_bytes());
    bytes
}

fn told(hand: &Hand<'_>, result: Result<u16, SubmitError>) -> bool {
    match result {
        Ok(number) => {
            hand.law(number < 256, "a chain has an impossible number");
            true
        }
        Err(error) => {
            traits!(&error, SubmitError: Debug, Display, Clone, Eq);
            false
        }
    }
}

/// Checks the number of a chain that was just put. No chain in flight may have this number, and the chain that was
/// put before it must have had a different number.
fn taken(hand: &Hand<'_>, queued: &mut Queued<Requests>, put: Result<u16, SubmitError>) {
    let Ok(number) = put else { return };
    queued.untold.push(number.into());
    hand.law(
        !queued.in_flight.contains(&number),
        "a chain was put while it is in flight",
    );
    hand.law(
        queued.last != Some(number),
        "the chain that was put last was put again while others are free",
    );
    queued.last = Some(number);
    queued.in_flight.push(number);
}

fn put(hand: &Hand<'_>, numbers: &mut Numbers) {
    let direction = hand.direction(numbers);
    let header = header(hand, numbers, direction);
    if let Some(pinned) = hand.pinned.filter(|_| !numbers.one_in(3)) {
        with(hand, numbers, |hand, queued, function, holder, numbers| {
            let (offset, length) = part(numbers, pinned.transfer.len(), 9);
            let data = Some((pinned.transfer, offset, length, direction));
            let put = call!(ChainQueue::put, &mut queued.queue, function, &header, data);
            foreign(hand, queued.holder, holder, put.is_ok());
            foreign(hand, pinned.holder, holder, put.is_ok());
            data::put_else(&mut queued.reads, put.unwrap_or(u16::MAX));
            taken(hand, queued, put);
            hand.law(
                put.is_err() || direction == Direction::ToDevice,
                "a device is told to write a lent buffer",
            );
            if told(hand, put) {
                note(Milestone::LentRequestsPut);
            }
        });
        return;
    }
    if numbers.one_in(6) {
        with(hand, numbers, |hand, queued, function, holder, _| {
            let put = call!(ChainQueue::put, &mut queued.queue, function, &header, None);
            foreign(hand, queued.holder, holder, put.is_ok());
            data::put_else(&mut queued.reads, put.unwrap_or(u16::MAX));
            taken(hand, queued, put);
            told(hand, put);
        });
        return;
    }
    let current = hand.current::<VirtioBlock>(numbers);
    let Some(mut place) =
        (hand.driver.moved).mostly(numbers, |it| Some(it.about.holder) == current)
    else {
        return;
    };
    let Some(moved) = place.as_mut() else { return };
    with(hand, numbers, |hand, queued, function, holder, numbers| {
        let all = moved.transfer.len();
        let part = match hand.plan.is_read && !numbers.one_in(8) {
            true => data::fresh(&moved.about, numbers, all, 9),
            false => Some(part(numbers, all, 9)),
        };
        let Some((offset, length)) = part else {
            return;
        };
        let data = Some((&moved.transfer, offset, length, direction));
        let put = call!(ChainQueue::put, &mut queued.queue, function, &header, data);
        foreign(hand, queued.holder, holder, put.is_ok());
        foreign(hand, moved.about.holder, holder, put.is_ok());
        let is_inside = offset + length <= moved.transfer.len();
        hand.law(
            put.is_err() || is_inside,
            "a request reaches past its buffer",
        );
        if told(hand, put) {
            note(Milestone::RequestsPut);
            moved.about.put = Some(function.epoch());
            taken(hand, queued, put);
            let sector = u64::from_le_bytes(std::array::from_fn(|at| header[8 + at]));
            let read = Read {
                tag: put.unwrap_or(u16::MAX),
                into: moved.about.id,
                offset,
                length,
                from: Source {
                    device: holder.device,
                    namespace: 0,
                    at: sector as usize * 512,
                },
            };
            data::put(hand, &mut queued.reads, &mut moved.about, read);
        }
    });
}

/// Rings the doorbell, lets the device work, and takes used chains.
pub(super) fn ring_and_take(
    hand: &Hand<'_>,
    queued: &mut Queued<Requests>,
    function: &Function,
    holder: Holder,
    numbers: &mut Numbers,
) {
    traits!(&queued.queue, Requests: Debug);
    let _ = (
        call!(ChainQueue::room, &queued.queue),
        call!(ChainQueue::held, &queued.queue),
    );
    if !numbers.one_in(4) {
        let rung = call!(ChainQueue::ring, &mut queued.queue, function);
        foreign(hand, queued.holder, holder, rung.is_ok());
        if rung.is_ok() {
            queued.told();
        }
    }
    if numbers.one_in(3) {
        let wanted = numbers.one_in(2);
        let asked = call!(ChainQueue::interrupt, &mut queued.queue, function, wanted);
        foreign(hand, queued.holder, holder, asked.is_ok());
    }
    if numbers.one_in(2) {
        function.clock().relax();
    }
    for _ in 0..numbers.below(6) {
        let next = call!(ChainQueue::next, &mut queued.queue, function);
        foreign(hand, queued.holder, holder, matches!(next, Ok(Some(_))));
        match next {
            Ok(Some(chain)) => {
                note(Milestone::RequestsUsed);
                hand.law(
                    queued.was_told(chain.number.into()),
                    "a chain is reported as used that the device was not told of",
                );
                let before = queued.in_flight.len();
                queued.in_flight.retain(|&other| other != chain.number);
                hand.law(
                    queued.in_flight.len() < before,
                    "a chain is reported as used that is not in flight",
                );
                let succeeded = chain.tail[0] == 0;
                data::done(hand, &mut queued.reads, chain.number, succeeded);
                traits!(&chain, Chain: Debug, Clone, Eq);
            }
            Ok(None) => break,
            Err(error) => {
                fault(hand, &error);
                break;
            }
        }
    }
}

/// Checks that an honest device is not reported to misbehave.
pub(super) fn fault(hand: &Hand<'_>, error: &QueueFault) {
    note(Milestone::Faults);
    traits!(error, QueueFault: Debug, Display, Clone, Eq);
    let is_devices = !matches!(error, QueueFault::Unusable(_));
    hand.law(
        !(is_devices && hand.plan.is_honest),
        "an honest device is reported to have used a chain that it was not given",
    );
}
