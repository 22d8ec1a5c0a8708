//! Checks that each bit of a register has one owner: a step, a doorbell, an index, or drivers by a rule.
//!
//! If the engine told the device of two queues in one register, the device would keep only the last one: a later
//! write replaces an earlier one. With few exceptions (`driven`), the engine neither writes a bit that a driver may
//! write, nor relies on one in a check.

use super::accesses::{Access, Accesses, Act, When};
use crate::table::Table;
use crate::table::queue::{Doorbell, Queue, Stride};
use crate::table::register::{Rule, Width, Write};

pub(super) const fn owners<D: Table>() {
    let all = Accesses::of::<D>();
    let mut one = 0;
    while one < all.count {
        let access = &all.list[one];
        drivers::<D>(access);
        let mut other = one;
        while other < all.count {
            check_distinct_bits(access, &all.list[other], one == other);
            other += 1;
        }
        one += 1;
    }
    let mut kind = 0;
    while kind < D::QUEUES.len() {
        idle(&all, &D::QUEUES[kind], kind);
        kind += 1;
    }
}

/// Checks that the idle test fails while a queue of this kind runs. The test must contradict a check that the queue's
/// start requires, or the start's last step, which comes after the addresses.
const fn idle(all: &Accesses, queue: &Queue, kind: usize) {
    let (mut fails, mut one) = (queue.start.is_empty(), 0);
    while one < all.count {
        let (start, mut other) = (&all.list[one], 0);
        let is_its = matches!(start.queue, Some((_, of)) if of == kind);
        while other < all.count {
            let idle = &all.list[other];
            if is_its
                && matches!((start.when, idle.when), (When::Start, When::Idle))
                && contradict(start, idle)
            {
                assert!(
                    start.is_last || matches!(start.act, Act::Look(_)),
                    "a start that enables a queue before its last step"
                );
                fails = true;
            }
            other += 1;
        }
        one += 1;
    }
    assert!(fails, "the idle test holds while a queue runs");
}

/// Whether the idle check `idle` fails after step `start` of a queue's start, because of bits that the step writes or
/// requires.
const fn contradict(start: &Access, idle: &Access) -> bool {
    let (value, bits) = match start.act {
        Act::Write { set, told } => (set, start.bits & !told),
        Act::Look(Some(equals)) => (equals, start.bits),
        _ => return false,
    };
    let Act::Look(Some(wanted)) = idle.act else {
        return false;
    };
    let mut pairs = Pairs::of(&start.registers, &idle.registers);
    while let Some(pair) = pairs.next() {
        let common = pairs.moved(pair, bits) & idle.bits;
        if (pairs.moved(pair, value) ^ wanted) & common != 0 {
            return true;
        }
    }
    false
}

/// The pairs of registers, one from each of two arrays, that share bytes.
pub(super) struct Pairs<'r> {
    one: &'r Rule,
    other: &'r Rule,
    next: (usize, usize),
    /// Where the second array's registers end.
    end: usize,
}

impl<'r> Pairs<'r> {
    pub(super) const fn of(one: &'r Rule, other: &'r Rule) -> Self {
        let mut pairs = Self {
            one,
            other,
            next: (one.count, 0),
            end: 0,
        };
        // Most arrays are apart.
        if one.window == other.window
            && let Some(last) = one.end()
            && other.offset < last
            && let Some(end) = other.end()
            && one.offset < end
            && !are_beside(one, other)
        {
            pairs.next.0 = one.behind_offset(other.offset);
            pairs.end = end;
        }
        pairs
    }

    pub(super) const fn next(&mut self) -> Option<(usize, usize)> {
        let Self { one, other, .. } = *self;
        while self.next.0 < one.count {
            let (index, mut second) = self.next;
            let offset = one.offset + index * one.stride;
            if offset >= self.end {
                return None;
            }
            let first = other.behind_offset(offset);
            if second < first {
                second = first;
            }
            let last = offset + one.width.bytes();
            if second < other.count && other.offset + second * other.stride < last {
                self.next = (index, second + 1);
                return Some((index, second));
            }
            self.next = (index + 1, 0);
        }
        None
    }

    /// Shifts bits of the first register of a pair to their positions in the second register.
    const fn moved(&self, (index, second): (usize, usize), bits: u64) -> u64 {
        let from = self.one.offset + index * self.one.stride;
        let to = self.other.offset + second * self.other.stride;
        match from >= to {
            true => bits << (8 * (from - to)),
            false => bits >> (8 * (to - from)),
        }
    }
}

/// Whether the registers of one array lie in the gaps of the other array. This is so if two steps access neighbouring
/// registers of every queue.
const fn are_beside(one: &Rule, other: &Rule) -> bool {
    let stride = one.stride;
    if stride == 0 || stride != other.stride {
        return false;
    }
    let distance = (one.offset % stride + stride - other.offset % stride) % stride;
    distance >= other.width.bytes() && stride - distance >= one.width.bytes()
}

/// Whether a doorbell whose place the device states at run time may coincide with one of these registers.
const fn may_stand_on(doorbell: &Access, registers: &Rule) -> bool {
    registers.touches(
        doorbell.registers.window,
        doorbell.registers.offset,
        usize::MAX,
    )
}

/// Checks an access of the engine against the rules for drivers.
const fn drivers<D: Table>(access: &Access) {
    // This doorbell takes only a queue's number. If a driver writes it, the device learns nothing wrong from it.
    if access.tells_number() {
        return;
    }
    let mut is_theirs = false;
    each_rule!(D, |rule, _number| {
        is_theirs |= driven(access, rule);
    });
    assert!(
        is_theirs || !access.is_shared,
        "a register that is shared with drivers, which no rule lets them write"
    );
}

/// Whether a driver may change the access's bits by this rule. Panics if such a change would be dangerous.
const fn driven(access: &Access, rule: &Rule) -> bool {
    if let Some(select) = rule.select {
        let index = Rule::new(rule.window, select.offset, select.width);
        let is_index = match access.is_somewhere() {
            true => may_stand_on(access, &index),
            false => Pairs::of(&access.registers, &index).next().is_some(),
        };
        assert!(
            !is_index || access.is_behind(&index),
            "a driver's index lies where the engine writes or checks"
        );
        let is_selected = Pairs::of(&access.registers, rule).next().is_some();
        assert!(
            !is_selected || access.is_behind(&index),
            "a step accesses a register that an index selects, and no earlier step writes the index"
        );
    }
    if access.is_somewhere() {
        assert!(
            !rule.is_written() || !may_stand_on(access, rule),
            "a rule lets drivers write a doorbell"
        );
        return false;
    }
    let mut is_theirs = false;
    let mut pairs = Pairs::of(&access.registers, rule);
    while let Some(pair) = pairs.next() {
        assert!(
            !rule.read || !access.is_address,
            "a rule lets drivers read an address"
        );
        let bits = pairs.moved(pair, access.bits) & rule.width.all_ones();
        let is_changed = bits & changed(&rule.write) != 0;
        match access.act {
            Act::Ring(_) => assert!(!is_changed, "a rule lets drivers write a doorbell"),
            Act::Look(None) => believed(!is_changed),
            Act::Look(Some(equals)) => {
                let equals = pairs.moved(pair, equals) & bits;
                let is_agreed = access.is_shared && matches!(access.when, When::Start);
                let holds = is_changed && can(&rule.write, bits & !equals, equals);
                believed(!holds || is_agreed);
            }
            Act::Write { set, .. } => {
                let set = pairs.moved(pair, set) & bits;
                if matches!(access.when, When::Reset) {
                    assert!(
                        access.is_shared || !resets(&rule.write, bits & !set, set),
                        "a rule lets drivers do what a step of the reset does"
                    );
                } else {
                    assert!(
                        !is_changed,
                        "a rule lets drivers write a register that starts or stops a queue"
                    );
                }
            }
        }
        is_theirs |= is_changed;
    }
    is_theirs
}

const fn believed(is_the_devices: bool) {
    assert!(
        is_the_devices,
        "a rule lets drivers write what the engine checks"
    );
}

/// Returns the bits that a driver may change.
const fn changed(write: &Write) -> u64 {
    match write {
        Write::Never => 0,
        Write::Merge(bits) => *bits,
        Write::Exchange(pairs) => {
            let (mut bits, mut index) = (0, 0);
            while index < pairs.len() {
                bits |= pairs[index].0 ^ pairs[index].1;
                index += 1;
            }
            bits
        }
        _ => u64::MAX,
    }
}

/// Whether a driver with the right `write` can clear the bits of `clear` and set the bits of `set` by one write. For
/// [`Write::Merge`], one bit that the driver may change is enough, because the other bits may already have these
/// values.
const fn can(write: &Write, clear: u64, set: u64) -> bool {
    match write {
        Write::Never => false,
        Write::Any => true,
        Write::Bits(bits) => set & !*bits == 0,
        Write::Nonzero(bits) => set & !*bits == 0 && (set != 0 || *bits & !clear != 0),
        Write::Merge(bits) => (clear | set) & *bits != 0,
        Write::Values(values) => {
            let mut index = 0;
            while index < values.len() {
                if values[index] & clear == 0 && values[index] & set == set {
                    return true;
                }
                index += 1;
            }
            false
        }
        Write::Exchange(pairs) => {
            let mut index = 0;
            while index < pairs.len() {
                let (from, to) = pairs[index];
                if to & clear == 0 && to & set == set && (from ^ to) & (clear | set) != 0 {
                    return true;
                }
                index += 1;
            }
            false
        }
        Write::Masks(masks) => {
            let mut index = 0;
            while index < masks.len() {
                if set & !masks[index] == 0 {
                    return true;
                }
                index += 1;
            }
            false
        }
    }
}

/// Whether a driver can have the effect of a step of a reset. The driver has it if it can set one of the bits that
/// the step sets, or clear all the bits that the step clears.
const fn resets(write: &Write, clear: u64, set: u64) -> bool {
    let mut bit = 0;
    while bit < u64::BITS {
        if set >> bit & 1 != 0 && can(write, 0, 1 << bit) {
            return true;
        }
        bit += 1;
    }
    clear != 0 && can(write, clear, 0)
}

/// Checks that two accesses do not write the same bits. If both are the same access, checks that it does not write
/// the same bits for two queues.
const fn check_distinct_bits(one: &Access, other: &Access, is_one: bool) {
    let is_ring = matches!(one.act, Act::Ring(_)) || matches!(other.act, Act::Ring(_));
    if one.index.is_some() != other.index.is_some() && !is_ring {
        // A register behind an index belongs to the queue that is selected at the moment.
        assert!(
            Pairs::of(&one.registers, &other.registers).next().is_none(),
            "a register that an index selects is accessed without the index"
        );
    }
    if matches!((one.when, other.when), (When::Idle, When::Start)) {
        all_or_none(one, other);
    }
    let (Some((set, told)), Some((other_set, other_told))) = (written(one), written(other)) else {
        return;
    };
    if one.tells_number() && other.tells_number() {
        return;
    }
    if one.is_somewhere() || other.is_somewhere() {
        somewhere(one, other, is_one);
        return;
    }
    if is_one && one.registers.stride >= one.registers.width.bytes() {
        return;
    }
    let mut pairs = Pairs::of(&one.registers, &other.registers);
    while let Some(pair) = pairs.next() {
        // Skips the pair of a register with itself, and pairs that already came in the other order.
        if is_one && pair.0 >= pair.1 {
            continue;
        }
        let common = pairs.moved(pair, one.bits) & other.bits;
        let told = pairs.moved(pair, told) & common;
        let set = pairs.moved(pair, set);
        let is_empty = told == 0 && set & common == 0;
        let is_alike = told | other_told & common == 0 && (set ^ other_set) & common == 0;
        if matches!(one.when, When::Reset) {
            assert!(
                other_told & common == 0,
                "a step of a reset overwrites what the device was told"
            );
        } else if pair.0 == pair.1 && is_same_kind(one, other) {
            match other.act {
                // A start may write 0 to the queue's doorbell, because the queue is empty.
                Act::Ring(_) => once(is_empty && matches!(one.when, When::Start)),
                _ => assert!(told == 0, "a step overwrites what the device was told"),
            }
        } else if is_one {
            assert!(
                is_alike || one.index.is_some(),
                "several queues share a register for values of their own"
            );
        } else {
            once(is_alike || is_by_turns(one, other));
        }
    }
}

/// Checks that the idle test covers all queues of a kind or none of them, if a start enables each queue by a register
/// of its own.
const fn all_or_none(idle: &Access, start: &Access) {
    if !matches!(start.act, Act::Write { told: 0, .. }) || start.index.is_some() {
        return;
    }
    let (mut count, mut pairs) = (0, Pairs::of(&start.registers, &idle.registers));
    while let Some(pair) = pairs.next() {
        count += (pairs.moved(pair, start.bits) & idle.bits != 0) as usize;
    }
    assert!(
        count == 0 || count == start.registers.count,
        "the idle test checks only some queues of a kind"
    );
}

const fn once(is_told_once: bool) {
    assert!(is_told_once, "two different values go into one register");
}

/// Returns the bits that an access sets, and the bits that carry information for the device.
const fn written(access: &Access) -> Option<(u64, u64)> {
    match access.act {
        Act::Write { set, told } => Some((set, told)),
        Act::Ring(_) => Some((0, access.bits)),
        Act::Look(_) => None,
    }
}

const fn is_same_kind(one: &Access, other: &Access) -> bool {
    matches!((one.queue, other.queue), (Some((_, one)), Some((_, other))) if one == other)
}

/// Whether one index register selects the registers of both accesses, and the two accesses are for different queue
/// numbers or of one kind of queue.
const fn is_by_turns(one: &Access, other: &Access) -> bool {
    let (Some((at, value)), Some((other_at, other_value))) = (one.index, other.index) else {
        return false;
    };
    let (Some((queue, _)), Some((other_queue, _))) = (one.queue, other.queue) else {
        return false;
    };
    let are_others = queue.numbers.1 < other_queue.numbers.0
        || other_queue.numbers.1 < queue.numbers.0
        || is_same_kind(one, other);
    are_others && at.is_same(other_at) && value.is_same(other_value)
}

/// Checks a doorbell whose place the device states at run time. At or after its offset, no other register of the
/// window may be written, except such doorbells with other indexes.
const fn somewhere(one: &Access, other: &Access, is_one: bool) {
    if !one.is_somewhere() || !other.is_somewhere() {
        let (doorbell, write) = match one.is_somewhere() {
            true => (one, other),
            false => (other, one),
        };
        once(!may_stand_on(doorbell, &write.registers));
        return;
    }
    let (Act::Ring(doorbell), Act::Ring(other_doorbell)) = (one.act, other.act) else {
        return;
    };
    let (Some((queue, _)), Some((other_queue, _))) = (one.queue, other.queue) else {
        return;
    };
    let (numbers, others) = (
        numbers(queue, doorbell),
        numbers(other_queue, other_doorbell),
    );
    if is_one {
        assert!(
            numbers.count == 1 || numbers.stride > 0,
            "several queues share a register for values of their own"
        );
    } else if doorbell.window == other_doorbell.window {
        let is_alike = doorbell.offset == other_doorbell.offset
            && doorbell.width.bytes() == other_doorbell.width.bytes()
            && unit(doorbell) == unit(other_doorbell);
        once(is_alike && Pairs::of(&numbers, &others).next().is_none());
    }
}

/// Returns the unit of the doorbell distance; 0 if the device states the distance without a unit.
const fn unit(doorbell: &Doorbell) -> usize {
    match doorbell.stride {
        Stride::Shifted(_, _, unit) => unit,
        _ => 0,
    }
}

/// Returns the indexes of a kind's doorbells, as an array of one-byte registers at these offsets.
const fn numbers(queue: &Queue, doorbell: &Doorbell) -> Rule {
    let (times, more) = doorbell.index;
    let first = queue.numbers.0 as usize * times + more;
    Rule::new(0, first, Width::W8).times(queue.count(), times)
}
