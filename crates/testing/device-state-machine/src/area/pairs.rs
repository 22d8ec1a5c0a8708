//! Steps with submission and completion queues. Their commands use transfers of the same claim or of another claim.

use samara_device_io::PciFunction;
use samara_device_io::queue::{Completion, Pair, QueueError, QueueFault, SubmitError, Tag, Unit};
use samara_device_io::table::Direction;
use samara_device_tables::Nvme;

use super::Hand;
use super::data::{self, Read, Source};
use crate::coverage::{Milestone, note};
use crate::driver::{Admin, Io, Queued};
use crate::ledger::{self, Holder};
use crate::misbehaviour;
use crate::step::Numbers;
use crate::surface::{call, traits};

/// Those words of a command that the driver chooses.
pub(super) type Words = [u32; 7];

type Function = PciFunction<Nvme>;

pub(super) fn step(hand: &Hand<'_>, numbers: &mut Numbers) {
    match numbers.below(24) {
        0 => make_admin(hand, numbers),
        1 => make_io(hand, numbers),
        2 => start(hand, numbers),
        3 | 4 => create(hand, numbers),
        5..8 => submit(hand, numbers),
        8 => match numbers.one_in(2) {
            true => drop(with_admin(hand, numbers, page)),
            false => drop(with_io(hand, numbers, page)),
        },
        9..12 => drop(with_admin(hand, numbers, ring_and_take)),
        12 => drop(with_admin(hand, numbers, look)),
        13 => drop(with_io(hand, numbers, look)),
        14..18 => drop(with_io(hand, numbers, ring_and_take)),
        _ => transfer(hand, numbers),
    }
}

/// Runs `f` with an admin queue and a PCI function, usually the function that the queue belongs to.
pub(super) fn with_admin<R>(
    hand: &Hand<'_>,
    numbers: &mut Numbers,
    f: impl FnOnce(&Hand<'_>, &mut Queued<Admin>, &Function, Holder, &mut Numbers) -> R,
) -> Option<R> {
    let current = hand.current::<Nvme>(numbers);
    let mut place = (hand.driver.admin).mostly(numbers, |it| Some(it.holder) == current)?;
    let queued = place.as_mut()?;
    hand.with::<Nvme, _>(numbers, Some(queued.holder), |function, holder, numbers| {
        f(hand, queued, function, holder, numbers)
    })
}

/// Runs `f` with an I/O queue and a PCI function, usually the function that the queue belongs to.
pub(super) fn with_io<R>(
    hand: &Hand<'_>,
    numbers: &mut Numbers,
    f: impl FnOnce(&Hand<'_>, &mut Queued<Io>, &Function, Holder, &mut Numbers) -> R,
) -> Option<R> {
    let current = hand.current::<Nvme>(numbers);
    let mut place = (hand.driver.io).mostly(numbers, |it| it.fits(current))?;
    let queued = place.as_mut()?;
    hand.with::<Nvme, _>(numbers, Some(queued.holder), |function, holder, numbers| {
        f(hand, queued, function, holder, numbers)
    })
}

fn made<const Q: usize>(
    result: Result<Pair<Nvme, Q>, QueueError>,
    holder: Holder,
) -> Option<Queued<Pair<Nvme, Q>>> {
    match result {
        Ok(queue) => Some(Queued::new(queue, holder)),
        Err(error) => {
            ledger::no_queue();
            traits!(&error, QueueError: Debug, Display, Clone, Eq);
            None
        }
    }
}

pub(super) fn make_admin(hand: &Hand<'_>, numbers: &mut Numbers) {
    hand.with::<Nvme, _>(numbers, None, |function, holder, numbers| {
        let number = numbers.of_these(&[0, 0, 0, 0, 0, 0, 0, 1]);
        let entries = match numbers.below(16) {
            0 => numbers.of_these(&[5000, 0, 1, 2, 3]),
            _ => numbers.of_these(&[8, 8, 8, 16, 64]),
        };
        ledger::making();
        let made = made(call!(Pair::new, function, number, entries), holder);
        if let Some(queue) = made {
            drop(hand.driver.admin.put(numbers, queue));
        }
    });
}

pub(super) fn make_io(hand: &Hand<'_>, numbers: &mut Numbers) {
    hand.with::<Nvme, _>(numbers, None, |function, holder, numbers| {
        let number = match numbers.below(16) {
            0 => numbers.of_these(&[3, 0, 16, 17]),
            _ => numbers.of_these(&[1, 1, 2]),
        };
        let entries = match numbers.below(16) {
            0 => numbers.of_these(&[4096, 64, 1, 0]),
            _ => numbers.of_these(&[8, 8, 8, 4, 3, 2, 16]),
        };
        ledger::making();
        let made = made(call!(Pair::new, function, number, entries), holder);
        if let Some(queue) = made {
            drop(hand.driver.io.put(numbers, queue));
        }
    });
}

pub(super) fn start(hand: &Hand<'_>, numbers: &mut Numbers) {
    with_admin(hand, numbers, |hand, queued, function, holder, numbers| {
        let chosen = u64::from(numbers.bits());
        let started = call!(Pair::start, &mut queued.queue, function, chosen);
        foreign(hand, queued.holder, holder, started.is_ok());
        hand.only_reset(holder, started.is_ok());
        // A start takes the engine's page away from all commands, even if the start fails after the device was told
        // of the queue.
        if !matches!(started, Err(QueueError::Foreign | QueueError::Started)) {
            queued.page = None;
        }
        if let Err(error) = started {
            traits!(&error, QueueError: Debug, Display, Clone, Eq);
            if let QueueError::Step(error) = error {
                traits!(&error, samara_device_io::pci::StepError: Debug, Display, Clone, Eq);
            }
        }
    });
    if numbers.one_in(8) {
        with_io(hand, numbers, |hand, queued, function, _, _| {
            let started = call!(Pair::start, &mut queued.queue, function, 0);
            hand.law(
                started.is_err(),
                "a queue that is created by commands was started directly",
            );
        });
    }
}

/// Checks that a queue was not used through the function of another claim. `is_done` says whether the engine allowed
/// the use.
pub(super) fn foreign(hand: &Hand<'_>, of: Holder, by: Holder, is_done: bool) {
    hand.law(
        of == by || !is_done,
        "a queue of one claim was used with another claim's function",
    );
}

fn told<const Q: usize>(
    queued: &mut Queued<Pair<Nvme, Q>>,
    result: Result<Tag, SubmitError>,
) -> Option<Tag> {
    match result {
        Ok(tag) => {
            queued.untold.push(tag.value().into());
            ledger::tagged(tag.value());
            queued.newest.retain(|other| other.slot() != tag.slot());
            queued.newest.push(tag);
            traits!(&tag, Tag: Debug, Clone, Eq);
            let _ = call!(Tag::value, tag);
            assert!(call!(Tag::slot, tag) < 64);
            Some(tag)
        }
        Err(error) => {
            traits!(&error, SubmitError: Debug, Display, Clone, Eq);
            None
        }
    }
}

/// Makes the device create I/O queues in the order in which drivers do it.
pub(super) fn make(hand: &Hand<'_>, numbers: &mut Numbers) {
    create_parts(hand, numbers, &[true, false]);
}

pub(super) fn create(hand: &Hand<'_>, numbers: &mut Numbers) {
    let part = numbers.one_in(2);
    create_parts(hand, numbers, &[part]);
}

/// Puts the commands that create `parts` of an I/O queue. In `parts`, `true` means the completion queue and `false`
/// the submission queue.
fn create_parts(hand: &Hand<'_>, numbers: &mut Numbers, parts: &[bool]) {
    let current = hand.current::<Nvme>(numbers);
    let Some(mut place) = (hand.driver.io).mostly(numbers, |it| Some(it.holder) == current) else {
        return;
    };
    let Some(io) = place.as_mut() else { return };
    // Word 11 now and then asks for an interrupt, or sets bits that the driver may not choose.
    let eleven = numbers.of_these(&[0, 0, 0, 0, 2, 0x0001_0002, 4]);
    let words: Words = [0, 0, eleven, 0, 0, 0, 0];
    for &is_completion in parts {
        with_admin(hand, numbers, |hand, queued, function, holder, _| {
            let queue = &mut queued.queue;
            let tag = match is_completion {
                true => call!(
                    Pair::create::<{ Nvme::CREATE_COMPLETION }, { Nvme::IO }>,
                    queue,
                    function,
                    words,
                    &mut io.queue
                ),
                false => call!(
                    Pair::create::<{ Nvme::CREATE_SUBMISSION }, { Nvme::IO }>,
                    queue,
                    function,
                    [0; 7],
                    &mut io.queue
                ),
            };
            foreign(hand, queued.holder, holder, tag.is_ok());
            foreign(hand, io.holder, holder, tag.is_ok());
            if told(queued, tag).is_some() {
                note(Milestone::IoQueuesMade);
                io.is_up = true;
            }
        });
    }
}

/// Asks for the block size of a namespace.
pub(super) fn identify(hand: &Hand<'_>, numbers: &mut Numbers) {
    let key = numbers.of_these(&[1, 1, 2]);
    with_admin(hand, numbers, |hand, queued, function, holder, _| {
        let words = [key, 0, 0, 0, 0, 0, 0];
        let queue = &mut queued.queue;
        let tag = call!(
            Pair::submit::<{ Nvme::IDENTIFY_NAMESPACE }>,
            queue,
            function,
            words
        );
        foreign(hand, queued.holder, holder, tag.is_ok());
        has_page(hand, queued, tag);
        told(queued, tag);
    });
}

/// Checks that no other command has the engine's page when a command gets it.
fn has_page(hand: &Hand<'_>, queued: &mut Queued<Admin>, tag: Result<Tag, SubmitError>) {
    if let Ok(tag) = tag {
        hand.law(
            queued.page.is_none(),
            "two commands have the engine's page at once",
        );
        queued.page = Some(tag);
    }
}

/// Puts commands that transfer nothing, or the engine's page.
fn submit(hand: &Hand<'_>, numbers: &mut Numbers) {
    let key = numbers.of_these(&[1, 1, 1, 2, 3, 0, u32::MAX]);
    let which = numbers.below(10);
    let number = numbers.below(4) as u32;
    let kind = numbers.of_these(&[0, 1, 2, 3, 0xFF]);
    if which >= 7 {
        with_io(hand, numbers, |hand, queued, function, holder, _| {
            let (queue, words) = (&mut queued.queue, [key, 0, 0, 0, 0, 0, 0]);
            let tag = match which {
                7 => call!(Pair::submit::<{ Nvme::READ }>, queue, function, words),
                8 => call!(Pair::submit::<{ Nvme::WRITE }>, queue, function, words),
                _ => call!(Pair::submit::<{ Nvme::FLUSH }>, queue, function, words),
            };
            foreign(hand, queued.holder, holder, tag.is_ok());
            told(queued, tag);
        });
        return;
    }
    with_admin(hand, numbers, |hand, queued, function, holder, _| {
        let queue = &mut queued.queue;
        let tag = match which {
            0..3 => {
                let words = [key, 0, 0, 0, 0, 0, 0];
                call!(
                    Pair::submit::<{ Nvme::IDENTIFY_NAMESPACE }>,
                    queue,
                    function,
                    words
                )
            }
            3 => {
                let words = [key, kind, 0, 0, 0, 0, 0];
                call!(Pair::submit::<{ Nvme::IDENTIFY }>, queue, function, words)
            }
            4 => {
                let words = [0, number, 0, 0, 0, 0, 0];
                call!(
                    Pair::submit::<{ Nvme::DELETE_SUBMISSION }>,
                    queue,
                    function,
                    words
                )
            }
            5 => {
                let words = [0, number, 0, 0, 0, 0, 0];
                call!(
                    Pair::submit::<{ Nvme::DELETE_COMPLETION }>,
                    queue,
                    function,
                    words
                )
            }
            _ => {
                let words = [0, 0, 0x0001_0001, 0, 0, 0, 0];
                call!(Pair::submit::<{ Nvme::SET_QUEUES }>, queue, function, words)
            }
        };
        foreign(hand, queued.holder, holder, tag.is_ok());
        if let 0..=3 = which {
            has_page(hand, queued, tag);
        }
        told(queued, tag);
    });
}

/// Reads the engine's page.
fn page<const Q: usize>(
    hand: &Hand<'_>,
    queued: &mut Queued<Pair<Nvme, Q>>,
    function: &Function,
    holder: Holder,
    numbers: &mut Numbers,
) {
    let index = numbers.below(1100);
    let read = call!(Pair::page, &queued.queue, function, index);
    foreign(hand, queued.holder, holder, read.is_ok());
    hand.law(
        read.is_err() || index < 1024,
        "a word behind the engine's page of 4 KiB was read",
    );
    let is_free = queued.page.is_none();
    hand.law(
        read.is_err() || is_free,
        "the engine's page was read while a command has it",
    );
}

/// Calls the functions of a queue that take no [`PciFunction`].
fn look<const Q: usize>(
    hand: &Hand<'_>,
    queued: &mut Queued<Pair<Nvme, Q>>,
    _: &Function,
    _: Holder,
    _: &mut Numbers,
) {
    let queue = &queued.queue;
    traits!(queue, Pair<Nvme, Q>: Debug);
    let _ = call!(Pair::odd_heads, queue);
    let in_flight = call!(Pair::in_flight, queue);
    hand.law(
        in_flight <= call!(Pair::capacity, queue),
        "more commands are in flight than the queue has room for",
    );
}

/// Rings the doorbell, lets the device work, and takes completions.
pub(super) fn ring_and_take<const Q: usize>(
    hand: &Hand<'_>,
    queued: &mut Queued<Pair<Nvme, Q>>,
    function: &Function,
    holder: Holder,
    numbers: &mut Numbers,
) {
    if !numbers.one_in(4) {
        let rung = call!(Pair::ring, &mut queued.queue, function);
        foreign(hand, queued.holder, holder, rung.is_ok());
        if rung.is_ok() {
            queued.told();
        }
    } else if let Some(&tag) = queued.untold.last()
        && !hand.plan.is_honest
        && numbers.one_in(4)
    {
        misbehaviour::guess(queued.holder.device, tag as u16);
    }
    if numbers.one_in(2) {
        function.clock().relax();
    }
    for _ in 0..numbers.below(6) {
        let next = call!(Pair::next, &mut queued.queue, function);
        foreign(hand, queued.holder, holder, matches!(next, Ok(Some(_))));
        match next {
            Ok(Some(completion)) => {
                let Completion { tag, status, .. } = completion;
                hand.law(
                    queued.was_told(tag.value().into()),
                    "a command is reported as completed that the device was not told of",
                );
                hand.law(
                    queued.newest.contains(&tag),
                    "a command is reported as completed that had ended before",
                );
                let _ = queued.page.take_if(|page| *page == tag);
                data::done(hand, &mut queued.reads, tag.value(), status == 0);
                taken(hand, holder, &completion);
            }
            Ok(None) => break,
            Err(error) => {
                note(Milestone::Faults);
                traits!(&error, QueueFault: Debug, Display, Clone, Eq);
                let is_devices = !matches!(error, QueueFault::Unusable(_));
                hand.law(
                    !(is_devices && hand.plan.is_honest),
                    "an honest device is reported to have completed a command that it was not given",
                );
            }
        }
    }
}

fn taken(hand: &Hand<'_>, holder: Holder, completion: &Completion) {
    traits!(completion, Completion: Debug, Clone, Eq);
    note(Milestone::CommandsCompleted);
    if let Some(unit) = completion.unit {
        traits!(&unit, Unit: Debug, Clone, Eq);
        let _ = (call!(Unit::key, &unit), call!(Unit::shift, &unit));
        note(Milestone::UnitsLearned);
        hand.driver.keep_unit(unit, holder);
    }
}

/// Chooses a part of a buffer, mostly a valid one. A valid part is whole units long and begins at a multiple of 4.
pub(super) fn part(numbers: &mut Numbers, length: usize, shift: u8) -> (usize, usize) {
    if numbers.one_in(12) {
        let end = length + 600;
        return (numbers.below(end + 1), numbers.below(end + 1));
    }
    let unit = 1_usize << shift;
    let most = (length / unit).max(1);
    let count = match numbers.below(8) {
        0 => most,
        _ => 1 + numbers.below(most.min(80)),
    };
    let rest = length.saturating_sub(count * unit);
    let offset = match numbers.below(3) {
        0 => rest,
        1 => 0,
        _ => numbers.below(rest + 1),
    };
    (offset & !3, count * unit)
}

/// Puts reads and writes.
fn transfer(hand: &Hand<'_>, numbers: &mut Numbers) {
    let current = hand.current::<Nvme>(numbers);
    let Some(unit) = hand.driver.unit(numbers, current) else {
        return;
    };
    let direction = hand.direction(numbers);
    if let Some(pinned) = hand.pinned.filter(|_| !numbers.one_in(3)) {
        with_io(hand, numbers, |hand, queued, function, holder, numbers| {
            let part = part(numbers, pinned.transfer.len(), unit.shift());
            let span = (pinned.transfer, part.0, part.1);
            let block = block(numbers);
            let tag = put(queued, function, &unit, direction, span, block, numbers);
            let is_done = tag.is_ok();
            foreign(hand, queued.holder, holder, is_done);
            foreign(hand, pinned.holder, holder, is_done);
            hand.law(
                !is_done || direction == Direction::ToDevice,
                "a device is told to write a lent buffer",
            );
            if told(queued, tag).is_some() {
                note(Milestone::LentCommandsPut);
            }
        });
        return;
    }
    let Some(mut place) =
        (hand.driver.moved).mostly(numbers, |it| Some(it.about.holder) == current)
    else {
        return;
    };
    let Some(moved) = place.as_mut() else { return };
    with_io(hand, numbers, |hand, queued, function, holder, numbers| {
        let length = moved.transfer.len();
        let part = match hand.plan.is_read && !numbers.one_in(8) {
            true => data::fresh(&moved.about, numbers, length, unit.shift()),
            false => Some(part(numbers, length, unit.shift())),
        };
        let Some(part) = part else { return };
        let span = (&moved.transfer, part.0, part.1);
        let block = block(numbers);
        let tag = put(queued, function, &unit, direction, span, block, numbers);
        let is_done = tag.is_ok();
        foreign(hand, queued.holder, holder, is_done);
        foreign(hand, moved.about.holder, holder, is_done);
        let is_inside = part.0 + part.1 <= moved.transfer.len();
        hand.law(
            !is_done || is_inside,
            "a command reaches past the end of its buffer",
        );
        queued.is_up &= tag != Err(SubmitError::Queue(QueueError::NotStarted));
        if let Some(tag) = told(queued, tag) {
            note(Milestone::CommandsPut);
            moved.about.put = Some(function.epoch());
            let read = Read {
                tag: tag.value(),
                into: moved.about.id,
                offset: part.0,
                length: part.1,
                from: Source {
                    device: holder.device,
                    namespace: unit.key(),
                    at: (block as usize) << unit.shift(),
                },
            };
            data::put(hand, &mut queued.reads, &mut moved.about, read);
        }
    });
}

/// Chooses a block number, mostly a valid one.
fn block(numbers: &mut Numbers) -> u32 {
    numbers.of_these(&[0, 0, 1, 3, 8, 100, 250, 1 << 20])
}

fn put(
    queued: &mut Queued<Io>,
    function: &Function,
    unit: &Unit,
    direction: Direction,
    span: (&samara_device_io::DmaTransfer, usize, usize),
    block: u32,
    numbers: &mut Numbers,
) -> Result<Tag, SubmitError> {
    let queue = &mut queued.queue;
    let twelve = match numbers.one_in(16) {
        true => numbers.bits(),
        false => numbers.of_these(&[0, 0, 1 << 30]),
    };
    let key = if numbers.one_in(16) {
        numbers.bits()
    } else {
        0
    };
    let words: Words = [key, block, 0, twelve, 0, 0, 0];
    match direction {
        _ if numbers.one_in(32) => call!(
            Pair::transfer::<{ Nvme::FLUSH }>,
            queue,
            function,
            words,
            unit,
            span
        ),
        Direction::ToHost => call!(
            Pair::transfer::<{ Nvme::READ }>,
            queue,
            function,
            words,
            unit,
            span
        ),
        Direction::ToDevice => call!(
            Pair::transfer::<{ Nvme::WRITE }>,
            queue,
            function,
            words,
            unit,
            span
        ),
    }
}
