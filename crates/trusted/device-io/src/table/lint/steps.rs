//! Checks steps and checks, and the values that steps write.

use super::queues::parts;
use crate::table::queue::{Format, Queue};
use crate::table::register::Width;
use crate::table::step::{At, Check, Half, Known, Limit, Step, Value};
use crate::table::{Direction, Table};

/// Returns the greatest value that each item of knowledge about a queue can have.
pub(super) const fn most(queue: &Queue) -> Known {
    let buffer = match &queue.format {
        Format::Ring(ring) if matches!(ring.direction, Direction::ToHost) => ring.bytes.1,
        _ => 0,
    };
    Known {
        number: queue.numbers.1,
        entries: queue.entries.1,
        buffer,
        parts: [0; 3],
    }
}

/// Returns the bits of the value that the engine may fill, over all queues. The value must fit a register or word of
/// `width`. The bits that a driver may choose must be other bits.
pub(super) const fn filled(value: &Value, queue: Option<&Queue>, width: Width) -> u64 {
    let most = match queue {
        Some(queue) => most(queue),
        None => NOTHING,
    };
    let (filled, meet) = value.filled(&most);
    let all = width.all_ones() as u128;
    assert!(
        filled <= all && value.chosen as u128 <= all,
        "a value that is wider than its register"
    );
    assert!(
        filled & value.chosen as u128 == 0,
        "a driver chooses bits that the engine fills"
    );
    assert!(
        queue.is_some() || value.is_constant(),
        "a step without a queue uses a queue's register or value"
    );
    assert!(
        !meet || !value.tells_size() && !value.tells_buffer(),
        "a size and something else in one bit"
    );
    // If the device does not write into buffers, the engine does not check the buffer size. So a driver could tell
    // the device any size.
    assert!(
        most.buffer != 0 || !value.tells_buffer(),
        "a step tells a size of buffers that the device does not write"
    );
    filled as u64
}

/// Checks a register, or an array of registers, that the engine accesses.
pub(super) const fn place<D: Table>(at: &At, count: usize, stride: usize) {
    assert!(at.window < D::WINDOWS.len(), "a step in no window");
    let width = at.width.bytes();
    assert!(
        width <= D::WINDOWS[at.window].align,
        "a step accesses a register wider than its window's alignment"
    );
    assert!(
        at.offset.is_multiple_of(width)
            && at.stride.is_multiple_of(width)
            && stride.is_multiple_of(width),
        "a step at a misaligned register"
    );
    let distance = count.saturating_sub(1).saturating_mul(stride);
    let end = at.offset.saturating_add(distance).saturating_add(width);
    assert!(
        end <= D::WINDOWS[at.window].length,
        "a step outside its window"
    );
}

/// Asserts that each check reads registers that exist, also for the last queue.
pub(super) const fn checks<D: Table>(checks: &[Check], queue: Option<&Queue>) {
    let mut index = 0;
    while index < checks.len() {
        let check = &checks[index];
        place::<D>(&check.at, check.count, check.stride);
        last_place::<D>(&check.at, queue);
        assert!(
            check.count > 0 && check.mask != 0 && check.mask <= check.at.width.all_ones(),
            "a check of no register, of no bit, or of bits that its register does not have"
        );
        assert!(check.equals & !check.mask == 0, "a check that never holds");
        assert!(
            check.wanted || check.equals != check.at.width.all_ones(),
            "a check that always holds"
        );
        index += 1;
    }
}

/// Checks the steps of a reset.
pub(super) const fn reset<D: Table>(reset: &[Step]) {
    steps::<D>(reset, None);
    assert!(
        D::QUEUES.is_empty() || writes(reset),
        "a reset that writes nothing"
    );
}

/// Whether the steps write a register that drivers do not write as well.
pub(super) const fn writes(steps: &[Step]) -> bool {
    let mut index = 0;
    while index < steps.len() {
        if let Step::Write(at, _) | Step::Update(at, ..) = &steps[index]
            && !at.is_shared
        {
            return true;
        }
        index += 1;
    }
    false
}

/// Checks steps after a start. They are executed without a common lock, so another thread may select another queue
/// between two of them.
pub(super) const fn later<D: Table>(steps: &[Step], queue: &Queue) {
    self::steps::<D>(steps, Some(queue));
    let mut index = 0;
    while index < steps.len() {
        if let Step::Write(at, value) = &steps[index] {
            assert!(
                !value.tells(),
                "an address or a size outside a queue's start"
            );
            assert!(
                at.stride != 0 || !value.names_queue(),
                "a queue is selected outside its start"
            );
        }
        index += 1;
    }
}

/// The knowledge for steps that belong to no queue.
const NOTHING: Known = Known {
    number: 0,
    entries: 0,
    buffer: 0,
    parts: [0; 3],
};

/// Checks the steps of a reset, or of a queue.
pub(super) const fn steps<D: Table>(steps: &[Step], queue: Option<&Queue>) {
    let mut index = 0;
    while index < steps.len() {
        match &steps[index] {
            Step::Write(at, value) => {
                last_place::<D>(at, queue);
                address(at, value, queue);
                filled(value, queue, at.width);
            }
            Step::AtLeast(at, value) => {
                last_place::<D>(at, queue);
                assert!(value.address.is_none(), "a comparison with an address");
                filled(value, queue, at.width);
            }
            Step::Update(at, clear, set) => {
                last_place::<D>(at, queue);
                assert!(
                    *clear | *set <= at.width.all_ones(),
                    "a value that is wider than its register"
                );
            }
            Step::Require(check) => checks::<D>(core::slice::from_ref(check), queue),
            Step::Await(awaited, limit) | Step::Settle(awaited, limit) => {
                if let Limit::Field(at, shift, bits, _) = limit {
                    last_place::<D>(at, None);
                    assert!(
                        *bits > 0 && *bits <= 8 && *shift <= 8 * at.width.bytes() as u32 - *bits,
                        "a limit of no bits, of more than 8, or of bits that its register does not have"
                    );
                }
                checks::<D>(awaited, queue);
            }
            Step::Sleep(_) => {}
        }
        index += 1;
    }
}

/// Checks the register of the last queue, or the only register if the steps belong to no queue.
pub(super) const fn last_place<D: Table>(at: &At, queue: Option<&Queue>) {
    let last = match queue {
        Some(queue) => queue.numbers.1,
        None => 0,
    };
    assert!(
        queue.is_some() || at.stride == 0,
        "a step without a queue uses a queue's register or value"
    );
    let offset = at.of(last);
    place::<D>(at, 1, 0);
    place::<D>(&At { offset, ..*at }, 1, 0);
}

/// Checks that an address is told either whole or in halves, and that it is the address of a part of a queue's
/// memory.
const fn address(at: &At, value: &Value, queue: Option<&Queue>) {
    let Some((part, half)) = value.address else {
        return;
    };
    let Some(queue) = queue else {
        panic!("an address where there's no queue");
    };
    let width = at.width.bytes();
    assert!(part < parts(&queue.format), "an address of no part");
    assert!(value.is_address(), "an address and something else");
    assert!(
        (width == 8) == matches!(half, Half::Both) && width >= 4,
        "an address does not have the width of its register"
    );
}
