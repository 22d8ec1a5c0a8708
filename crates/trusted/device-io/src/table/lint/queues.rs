//! Checks queues: steps, doorbells, parts of memory.

use super::formats::format;
use super::steps::{last_place, later, steps, writes};
use crate::table::command::Data;
use crate::table::queue::{Doorbell, Format, Queue, RingFormat, Rung, Stride};
use crate::table::step::{At, Check, Half, Step};
use crate::table::{Direction, Table};

/// Returns how many parts a queue's memory has.
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
    stop(queue);
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
        "the device is not told the size of a queue"
    );
    if let Format::Ring(ring) = &queue.format {
        last_place::<D>(&ring.head, Some(queue));
        let gets_address = match ring.direction {
            Direction::ToHost => tells_buffer(queue),
            Direction::ToDevice => !ring.lengths.is_empty(),
        };
        assert!(
            ring.bytes.0 == ring.bytes.1 || gets_address,
            "the device is not told the size of buffers"
        );
        assert!(
            are_whole(queue, ring.bytes.0),
            "a buffer size is not a multiple of its unit"
        );
        assert!(
            matches!(queue.doorbell.stride, Stride::Bytes(_)),
            "only the device knows where a ring's doorbell is"
        );
        assert!(
            begins(queue, ring),
            "a start does not reset the device's position in a ring"
        );
    }
    let mut part = 0;
    while part < parts(&queue.format) {
        assert!(
            gets_address::<D>(index, part),
            "the device is not told the address of a part of a queue's memory exactly once"
        );
        part += 1;
    }
    // The engine reads addresses and sizes back before the last step, so the last step may write neither.
    assert!(
        !matches!(queue.start.last(), Some(Step::Write(_, value)) if value.tells()),
        "a start that ends with an address or a size"
    );
}

/// Checks a queue's stop, if there is one. The stop must change a register from its state after the start, and must
/// fail unless the device states that it has stopped.
const fn stop(queue: &Queue) {
    if queue.stop.is_empty() {
        return;
    }
    assert!(writes(queue.stop), "a stop that writes nothing");
    let (mut undoes, mut is_said, mut step) = (false, false, 0);
    while step < queue.stop.len() {
        match &queue.stop[step] {
            Step::Update(at, clear, set) => {
                let is_new = !are_left(queue.start, at, *clear | *set, *set);
                (undoes, is_said) = (undoes || is_new, false);
            }
            Step::Write(at, value) => {
                let bits = at.width.all_ones();
                let is_left = are_left(queue.start, at, bits, value.constant());
                let is_new = !value.is_constant() || !is_left;
                (undoes, is_said) = (undoes || is_new, false);
            }
            Step::Require(check) => is_said |= says(queue, core::slice::from_ref(check)),
            Step::Await(checks, _) => is_said |= says(queue, checks),
            Step::AtLeast(..) | Step::Settle(..) | Step::Sleep(_) => {}
        }
        step += 1;
    }
    assert!(undoes, "a stop changes nothing that the start left");
    assert!(is_said, "a stop does not check that the device has stopped");
}

/// Whether each check reads a statement of the device's own. That is so if the check fails for a queue that was only
/// started, or reads bits that neither the start nor the stop writes.
const fn says(queue: &Queue, checks: &[Check]) -> bool {
    let mut check = 0;
    while check < checks.len() {
        let Check {
            at, mask, equals, ..
        } = &checks[check];
        let is_undone = are_left(queue.start, at, *mask, !*equals & *mask);
        let is_left = are_left(queue.start, at, *mask, *equals)
            || are_left(queue.stop, at, *mask, *equals) && !is_undone;
        if checks[check].wanted && is_left {
            return false;
        }
        check += 1;
    }
    true
}

/// Whether steps leave these bits of a register with this value, as constants.
const fn are_left(steps: &[Step], at: &At, bits: u64, value: u64) -> bool {
    let (mut left, mut step) = (bits, 0);
    while step < steps.len() {
        let (of, written, set) = match &steps[step] {
            Step::Update(of, clear, set) => (of, *clear | *set, *set),
            Step::Write(of, value) if value.is_constant() => {
                (of, of.width.all_ones(), value.constant())
            }
            Step::Write(of, _) => (of, 0, 0),
            _ => (at, 0, 0),
        };
        if of.is_same(at) {
            left &= !(written & !(set ^ value));
        }
        step += 1;
    }
    left == 0
}

/// Whether the device is told the number of a queue's entries, either by a step or by each command that makes the
/// queue.
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
            let (mut gets_address, mut word) = (false, 0);
            while word < words.len() {
                gets_address |= words[word].tells_size();
                word += 1;
            }
            if !gets_address {
                return false;
            }
            made = true;
        }
        command += 1;
    }
    made
}

/// Whether the device is told the length of buffers.
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

/// Whether `bytes` is a whole number of the units in which the device is told buffer lengths. Then every multiple of
/// `bytes` is one, too.
const fn are_whole(queue: &Queue, bytes: usize) -> bool {
    let mut step = 0;
    while step < queue.start.len() {
        if let Step::Write(_, value) = &queue.start[step]
            && value.tells_buffer()
            && !value.is_whole(bytes)
        {
            return false;
        }
        step += 1;
    }
    true
}

/// Whether the device is told the whole address of a part, exactly once.
const fn gets_address<D: Table>(index: usize, part: usize) -> bool {
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

/// False if the doorbell's distance is in another register field than this one.
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
            "a distance of doorbells uses bits that its register does not have"
        );
        // `DoorbellRegister::find` compares each reading of the distance with the first one, so there may be only one
        // such register.
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
    // If the device states the distance as a shift of a unit, the check assumes the smallest distance.
    let closest = match doorbell.stride {
        Stride::Shifted(_, _, unit) => Stride::Bytes(unit),
        other => other,
    };
    let closest = queue.doorbells(&Doorbell {
        stride: closest,
        ..*doorbell
    });
    assert!(
        matches!(closest.end(), Some(end) if end <= D::WINDOWS[doorbell.window].most),
        "a doorbell outside its window"
    );
    let (is_position, most) = match (doorbell.value, &queue.format) {
        (Rung::Number, _) => (false, queue.numbers.1 as u64),
        // The position of a virtqueue counts all chains that were ever put, modulo 2^16.
        (Rung::Position, Format::Split(_)) => (true, 0xFFFF),
        (Rung::Position, _) => (true, queue.entries.1 as u64 - 1),
    };
    assert!(
        most <= doorbell.width.all_ones(),
        "a doorbell that is narrower than what it is told"
    );
    assert!(
        is_position || matches!(queue.format, Format::Split(_)),
        "a doorbell does not tell the device how far a queue is filled"
    );
    assert!(
        !is_position || !matches!(doorbell.stride, Stride::Listed(_)),
        "a position goes to a doorbell whose place only the device knows"
    );
}

/// Whether a start, before its last step, sets both the device's position register and the doorbell to 0.
const fn begins(queue: &Queue, ring: &RingFormat) -> bool {
    let registers = [
        queue.registers(&ring.head),
        queue.doorbells(&queue.doorbell),
    ];
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
