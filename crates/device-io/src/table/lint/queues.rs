//! Queues: steps, doorbells, parts of memory.

use super::formats::format;
use super::steps::{place, steps};
use crate::table::Table;
use crate::table::command::Data;
use crate::table::queue::{Doorbell, Format, Queue, Rung, Stride};
use crate::table::step::{Half, Step};

/// Parts of a queue's memory.
pub(super) const fn parts(format: &Format) -> usize {
    match format {
        Format::Ring(_) => 1,
        Format::Split(_) => 3,
        Format::Pair(_) => 2,
    }
}

pub(super) const fn queue<D: Table>(index: usize) {
    let queue = &D::QUEUES[index];
    assert!(queue.numbers.0 <= queue.numbers.1, "a queue of no number");
    assert!(
        queue.entries.0 >= 2 && queue.entries.0 <= queue.entries.1 && queue.entries.1 <= 1 << 15,
        "a queue of fewer than 2 or more than 32768 entries"
    );
    steps::<D>(queue.start, Some(queue));
    steps::<D>(queue.ready, Some(queue));
    steps::<D>(queue.stop, Some(queue));
    let mut step = 0;
    while step < queue.start.len() {
        assert!(
            !matches!(
                queue.start[step],
                Step::Await(..) | Step::Settle(..) | Step::Sleep(_)
            ),
            "a wait among the steps that start a queue"
        );
        step += 1;
    }
    doorbell::<D>(&queue.doorbell, queue);
    if let Format::Pair(pair) = &queue.format {
        doorbell::<D>(&pair.head_doorbell, queue);
    }
    format(queue);
    let mut part = 0;
    while part < parts(&queue.format) {
        assert!(
            is_told::<D>(index, part),
            "a part of a queue's memory of which the device isn't told"
        );
        part += 1;
    }
}

/// Whether the device is told where a part is: all of the address, once.
const fn is_told<D: Table>(index: usize, part: usize) -> bool {
    let queue = &D::QUEUES[index];
    let (mut low, mut high) = (0, 0);
    let mut step = 0;
    while step < queue.start.len() {
        if let Step::Write(_, value) = &queue.start[step]
            && let Some((of, half)) = value.address
            && of == part
        {
            low += !matches!(half, Half::High) as usize;
            high += !matches!(half, Half::Low) as usize;
        }
        step += 1;
    }
    let mut command = 0;
    while command < D::COMMANDS.len() {
        if let Data::Queue(queue, of) = D::COMMANDS[command].data
            && queue == index
            && of == part
        {
            low += 1;
            high += 1;
        }
        command += 1;
    }
    low == 1 && high == 1
}

const fn doorbell<D: Table>(doorbell: &Doorbell, queue: &Queue) {
    assert!(
        doorbell.window < D::WINDOWS.len(),
        "a doorbell in no window"
    );
    if let Stride::Listed(at) | Stride::Shifted(at, ..) = doorbell.stride {
        place::<D>(&at, 1, 0);
    }
    assert!(
        doorbell.offset.is_multiple_of(doorbell.width.bytes())
            && doorbell.width.bytes() <= D::WINDOWS[doorbell.window].align,
        "a misaligned doorbell"
    );
    // A doorbell that is told a position has the engine as its only writer.
    if matches!(doorbell.value, Rung::Position) {
        each_rule!(D, |rule, _number| {
            let known = match doorbell.stride {
                Stride::Bytes(bytes) => Some(bytes),
                _ => None,
            };
            let mut number = queue.numbers.0 as usize;
            while number <= queue.numbers.1 as usize {
                let (offset, bytes) = match known {
                    Some(bytes) => {
                        let number = number * doorbell.index.0 + doorbell.index.1;
                        (doorbell.offset + number * bytes, doorbell.width.bytes())
                    }
                    None => (doorbell.offset, usize::MAX),
                };
                let unguarded = rule.is_written() && rule.touches(doorbell.window, offset, bytes)
                    || rule.selects_by(doorbell.window, offset, bytes);
                assert!(!unguarded, "a rule lets drivers write a doorbell");
                number += 1;
            }
        });
    }
}
