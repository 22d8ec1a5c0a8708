//! What a device is told of a queue has a register of its own: what is told of the next one would take its place.

use super::rules::overlap;
use crate::table::Table;
use crate::table::queue::{Doorbell, Format, Queue, Rung, Stride};
use crate::table::register::{Rule, Width};
use crate::table::step::Step;

/// Where the device is told something of each queue of a kind.
struct Told {
    /// A register for each queue, or one for all.
    registers: Rule,
    /// It takes an address; it is a doorbell otherwise.
    is_address: bool,
    /// Which queue's it is, is told before or with it.
    is_selected: bool,
}

/// Refuses a table by which the device is told of two queues, or of two parts of one, in one register.
pub(super) const fn distinct<D: Table>() {
    let mut kind = 0;
    while kind < D::QUEUES.len() {
        let mut other = 0;
        while other <= kind {
            apart(&D::QUEUES[other], &D::QUEUES[kind], other == kind);
            other += 1;
        }
        kind += 1;
    }
}

const fn apart(one: &Queue, other: &Queue, is_same: bool) {
    let are_others = one.numbers.1 < other.numbers.0 || other.numbers.1 < one.numbers.0;
    let mut index = 0;
    while index < count(one) {
        if let Some(told) = told(one, index) {
            let registers = &told.registers;
            let is_for_all = registers.count > 1 && registers.stride < registers.width.bytes();
            assert!(
                !is_same || !is_for_all || told.is_selected,
                "one register for what is told of several queues"
            );
            let mut second = 0;
            while second < if is_same { index } else { count(other) } {
                if let Some(also) = self::told(other, second) {
                    let is_alike = told.is_address == also.is_address;
                    let by_turns = is_alike && told.is_selected && also.is_selected;
                    assert!(
                        by_turns && (are_others || !told.is_address)
                            || !overlap(registers, &also.registers),
                        "one register for two things that are told"
                    );
                }
                second += 1;
            }
        }
        index += 1;
    }
    shifted(one, other, is_same);
    if !is_same {
        shifted(other, one, false);
    }
}

/// What may be told of a queue: by its steps, by its doorbells.
const fn count(queue: &Queue) -> usize {
    queue.start.len() + 2
}

const fn told(queue: &Queue, index: usize) -> Option<Told> {
    if index < queue.start.len() {
        let Step::Write(at, value) = &queue.start[index] else {
            return None;
        };
        if value.address.is_none() {
            return None;
        }
        return Some(Told {
            registers: queue.registers(at),
            is_address: true,
            is_selected: is_selected(queue, index),
        });
    }
    let Some(doorbell) = bell(queue, index - queue.start.len()) else {
        return None;
    };
    let Stride::Bytes(bytes) = doorbell.stride else {
        return None;
    };
    let number = queue.numbers.0 as usize * doorbell.index.0 + doorbell.index.1;
    let first = Rule::new(
        doorbell.window,
        doorbell.offset + number * bytes,
        doorbell.width,
    );
    Some(Told {
        registers: first.times(queue.count(), doorbell.index.0 * bytes),
        is_address: false,
        // It is told the number itself.
        is_selected: matches!(doorbell.value, Rung::Number),
    })
}

/// Whether a step before this one tells the device of which queue the next ones are.
const fn is_selected(queue: &Queue, before: usize) -> bool {
    let mut index = 0;
    while index < before {
        if let Step::Write(at, value) = &queue.start[index]
            && at.stride == 0
            && value.names_queue()
        {
            return true;
        }
        index += 1;
    }
    false
}

const fn bell(queue: &Queue, index: usize) -> Option<&Doorbell> {
    match &queue.format {
        _ if index == 0 => Some(&queue.doorbell),
        Format::Pair(pair) if index == 1 => Some(&pair.head_doorbell),
        _ => None,
    }
}

/// Doorbells whose distance the device says: their numbers differ, and nothing else is told behind the first.
const fn shifted(one: &Queue, other: &Queue, is_same: bool) {
    let mut index = 0;
    while index < 2 {
        let Some(doorbell) = bell(one, index) else {
            return;
        };
        if !matches!(doorbell.stride, Stride::Bytes(_)) && matches!(doorbell.value, Rung::Position)
        {
            let numbers = numbers(one, doorbell);
            assert!(
                numbers.count == 1 || numbers.stride > 0,
                "one register for what is told of several queues"
            );
            let mut second = 0;
            while second < if is_same { index } else { 2 } {
                if let Some(also) = bell(other, second)
                    && also.window == doorbell.window
                    && !matches!(also.stride, Stride::Bytes(_))
                {
                    assert!(
                        !overlap(&numbers, &self::numbers(other, also)),
                        "one register for two things that are told"
                    );
                }
                second += 1;
            }
            let mut told = 0;
            while told < count(other) {
                if let Some(told) = self::told(other, told) {
                    assert!(
                        !told
                            .registers
                            .touches(doorbell.window, doorbell.offset, usize::MAX),
                        "one register for two things that are told"
                    );
                }
                told += 1;
            }
        }
        index += 1;
    }
}

/// The numbers of its registers, as if each were a byte.
const fn numbers(queue: &Queue, doorbell: &Doorbell) -> Rule {
    let first = queue.numbers.0 as usize * doorbell.index.0 + doorbell.index.1;
    Rule::new(0, first, Width::W8).times(queue.count(), doorbell.index.0)
}
