//! Queues: steps, doorbells, parts of memory.

use super::formats::format;
use super::steps::{last_place, later, steps, writes};
use crate::table::command::Data;
use crate::table::queue::{Doorbell, Format, Queue, RingFormat, Rung, Stride};
use crate::table::step::{At, Half, Step};
use crate::table::{Direction, Table};

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
    later::<D>(queue.ready, queue);
    later::<D>(queue.stop, queue);
    assert!(
        queue.stop.is_empty() || writes(queue.stop),
        "a stop that writes nothing"
    );
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
    assert!(
        queue.entries.0 == queue.entries.1 || is_sized::<D>(index),
        "a queue of whose size the device isn't told"
    );
    if let Format::Ring(ring) = &queue.format {
        last_place::<D>(&ring.head, Some(queue));
        let is_told = match ring.direction {
            Direction::ToHost => tells_buffer(queue),
            Direction::ToDevice => !ring.lengths.is_empty(),
        };
        assert!(
            ring.bytes.0 == ring.bytes.1 || is_told,
            "buffers of whose size the device isn't told"
        );
        assert!(
            matches!(queue.doorbell.stride, Stride::Bytes(_)),
            "a ring whose doorbell stands where the device says"
        );
        assert!(
            begins(queue, ring),
            "a start that leaves a device where it stood in a ring"
        );
    }
    let mut part = 0;
    while part < parts(&queue.format) {
        assert!(
            is_told::<D>(index, part),
            "a part of a queue's memory of which the device isn't told"
        );
        part += 1;
    }
    // The engine reads addresses and sizes back before the last step, so that step may tell none.
    assert!(
        !matches!(queue.start.last(), Some(Step::Write(_, value)) if value.tells()),
        "a start that ends with an address or a size"
    );
}

/// Whether the device is told how long a queue is: by a step, or by each command that makes it.
const fn is_sized<D: Table>(index: usize) -> bool {
    let queue = &D::QUEUES[index];
    let mut step = 0;
    while step < queue.start.len() {
        if let Step::Write(_, value) = &queue.start[step]
            && value.tells_size()
        {
            return true;
        }
        step += 1;
    }
    let (mut made, mut command) = (false, 0);
    while command < D::COMMANDS.len() {
        if let Data::Queue(of, _) = D::COMMANDS[command].data
            && of == index
        {
            let words = &D::COMMANDS[command].words;
            let (mut is_told, mut word) = (false, 0);
            while word < words.len() {
                is_told |= words[word].tells_size();
                word += 1;
            }
            if !is_told {
                return false;
            }
            made = true;
        }
        command += 1;
    }
    made
}

/// Whether the device is told how long buffers are.
const fn tells_buffer(queue: &Queue) -> bool {
    let mut step = 0;
    while step < queue.start.len() {
        if let Step::Write(_, value) = &queue.start[step]
            && value.tells_buffer()
        {
            return true;
        }
        step += 1;
    }
    false
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

/// Whether the doorbell is found by this field of a register, or by none.
const fn is_stride_of(doorbell: &Doorbell, at: &At, shift: u32) -> bool {
    match &doorbell.stride {
        Stride::Shifted(of, by, _) => {
            of.window == at.window && of.offset == at.offset && *by == shift
        }
        _ => true,
    }
}

const fn doorbell<D: Table>(doorbell: &Doorbell, queue: &Queue) {
    assert!(
        doorbell.window < D::WINDOWS.len(),
        "a doorbell in no window"
    );
    if let Stride::Listed(at) | Stride::Shifted(at, ..) = &doorbell.stride {
        last_place::<D>(at, None);
    }
    if let Stride::Shifted(at, shift, unit) = doorbell.stride {
        assert!(
            shift <= 8 * at.width.bytes() as u32 - 4 && unit <= 1 << 16,
            "a distance of doorbells of bits that its register hasn't"
        );
        // `Bell::find` compares each reading of the distance with the first, so there may be one register only.
        let mut index = 0;
        while index < D::QUEUES.len() {
            let other = &D::QUEUES[index];
            let second = match &other.format {
                Format::Pair(pair) => &pair.head_doorbell,
                _ => &other.doorbell,
            };
            assert!(
                is_stride_of(&other.doorbell, &at, shift) && is_stride_of(second, &at, shift),
                "two registers that say how far doorbells are apart"
            );
            index += 1;
        }
    }
    assert!(
        doorbell.offset.is_multiple_of(doorbell.width.bytes())
            && doorbell.width.bytes() <= D::WINDOWS[doorbell.window].align,
        "a misaligned doorbell"
    );
    let (is_position, most) = match (doorbell.value, &queue.format) {
        (Rung::Number, _) => (false, queue.numbers.1 as u64),
        // The device is told how many entries there were.
        (Rung::Position, Format::Split(_)) => (true, 0xFFFF),
        (Rung::Position, _) => (true, queue.entries.1 as u64 - 1),
    };
    assert!(
        most <= doorbell.width.all_ones(),
        "a doorbell that is narrower than what it is told"
    );
    assert!(
        is_position || matches!(queue.format, Format::Split(_)),
        "a doorbell that tells a device nothing of how far a queue is filled"
    );
    assert!(
        !is_position || !matches!(doorbell.stride, Stride::Listed(_)),
        "a position that is told wherever the device says"
    );
}

/// Whether a start says that the device stands at a ring's beginning, before it enables it.
const fn begins(queue: &Queue, ring: &RingFormat) -> bool {
    let registers = [queue.registers(&ring.head), queue.bells(&queue.doorbell)];
    let mut are_zeroed = [false; 2];
    let mut step = 0;
    while step + 1 < queue.start.len() {
        if let Step::Write(at, value) = &queue.start[step]
            && value.is_constant()
            && value.constant() == 0
        {
            let written = queue.registers(at);
            are_zeroed[0] |= written.is_same(&registers[0]);
            are_zeroed[1] |= written.is_same(&registers[1]);
        }
        step += 1;
    }
    are_zeroed[0] && are_zeroed[1]
}
