//! Steps and checks, and the values that steps write.

use super::queues::parts;
use super::rules::overlap;
use crate::table::queue::{Format, Queue};
use crate::table::register::{Rule, Width, Write};
use crate::table::step::{At, Check, Half, Known, Limit, Step, Value};
use crate::table::{Direction, Table};

/// What is known of a queue, all at its most.
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

/// Bits of the value that the engine fills, whatever the queue. It must fit a register or word of `width`, and a driver
/// chooses other bits of it, if any.
pub(super) const fn filled(value: &Value, most: &Known, width: Width) -> u64 {
    let filled = value.filled(most);
    let all = width.all_ones() as u128;
    assert!(
        filled <= all && value.chosen as u128 <= all,
        "a value that is wider than its register"
    );
    assert!(
        filled & value.chosen as u128 == 0,
        "a driver chooses bits that the engine fills"
    );
    filled as u64
}

/// A register, or an array of them, that the engine accesses.
pub(super) const fn place<D: Table>(at: &At, count: usize, stride: usize) {
    assert!(at.window < D::WINDOWS.len(), "a step in no window");
    let width = at.width.bytes();
    assert!(
        width <= D::WINDOWS[at.window].align,
        "a step at a register that is wider than its window is aligned"
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

/// What registers are looked at for, of the last queue too.
pub(super) const fn checks<D: Table>(checks: &[Check], queue: Option<&Queue>) {
    let mut index = 0;
    while index < checks.len() {
        let check = &checks[index];
        place::<D>(&check.at, check.count, check.stride);
        last_place::<D>(&check.at, queue);
        assert!(
            check.count > 0 && check.mask != 0 && check.mask <= check.at.width.all_ones(),
            "a check of no register, no bit, or bits that its register hasn't"
        );
        assert!(check.equals & !check.mask == 0, "a check that never holds");
        index += 1;
    }
}

/// Steps of a reset. No driver begins one by itself: queues would run on in the engine's eyes.
pub(super) const fn reset<D: Table>(reset: &[Step]) {
    steps::<D>(reset, None);
    assert!(
        D::QUEUES.is_empty() || writes(reset),
        "a reset that writes nothing"
    );
    let mut index = 0;
    while index < D::RESET.len() && !D::QUEUES.is_empty() {
        let (at, clear, set) = match &D::RESET[index] {
            Step::Write(at, value) => (
                at,
                !value.filled(&NOTHING) as u64,
                value.filled(&NOTHING) as u64,
            ),
            Step::Update(at, clear, set) => (at, *clear, *set),
            _ => {
                index += 1;
                continue;
            }
        };
        each_rule!(D, |rule, _number| {
            let touches = rule.touches(at.window, at.offset, at.width.bytes());
            let bits = clear & at.width.all_ones();
            assert!(
                !touches || !may_do(&rule.write, bits, set),
                "a rule lets drivers do what a step of the reset does"
            );
        });
        index += 1;
    }
}

/// Whether a driver that may write so can clear and set these bits at once.
const fn may_do(write: &Write, clear: u64, set: u64) -> bool {
    match write {
        Write::Never => false,
        Write::Any => true,
        Write::Bits(mask) => set & !*mask == 0,
        Write::Nonzero(mask) => set & !*mask == 0 && (set != 0 || *mask & !clear != 0),
        Write::Merge(mask) => (clear | set) & !*mask == 0,
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

/// Whether anything is written.
pub(super) const fn writes(steps: &[Step]) -> bool {
    let mut index = 0;
    while index < steps.len() {
        if matches!(steps[index], Step::Write(..) | Step::Update(..)) {
            return true;
        }
        index += 1;
    }
    false
}

/// Steps after a start, which are executed one by one: another queue may be selected between two of them.
pub(super) const fn later<D: Table>(steps: &[Step], queue: &Queue) {
    self::steps::<D>(steps, Some(queue));
    let mut index = 0;
    while index < steps.len() {
        if let Step::Write(at, value) = &steps[index] {
            assert!(
                value.address.is_none(),
                "an address outside a queue's start"
            );
            assert!(
                at.stride != 0 || !value.names_queue(),
                "a queue is selected outside its start"
            );
        }
        index += 1;
    }
}

/// What is known where there's no queue.
const NOTHING: Known = Known {
    number: 0,
    entries: 0,
    buffer: 0,
    parts: [0; 3],
};

/// Steps of a reset, or of a queue.
pub(super) const fn steps<D: Table>(steps: &[Step], queue: Option<&Queue>) {
    let known = match queue {
        Some(queue) => most(queue),
        None => NOTHING,
    };
    let mut index = 0;
    while index < steps.len() {
        match &steps[index] {
            Step::Write(at, value) => {
                last_place::<D>(at, queue);
                address(at, value, queue);
                let bits = filled(value, &known, at.width);
                guarded::<D>(at, bits, value.address.is_some(), queue);
            }
            Step::AtLeast(at, value) | Step::Equal(at, value) => {
                last_place::<D>(at, queue);
                assert!(value.address.is_none(), "a comparison with an address");
                filled(value, &known, at.width);
            }
            Step::Update(at, clear, set) => {
                last_place::<D>(at, queue);
                assert!(
                    *clear | *set <= at.width.all_ones(),
                    "a value that is wider than its register"
                );
                guarded::<D>(at, *clear | *set, false, queue);
            }
            Step::Require(check) => checks::<D>(core::slice::from_ref(check), queue),
            Step::Await(awaited, limit) | Step::Settle(awaited, limit) => {
                if let Limit::Field(at, shift, bits, _) = limit {
                    place::<D>(at, 1, 0);
                    assert!(
                        *bits > 0 && *bits <= 8 && *shift <= 8 * at.width.bytes() as u32 - *bits,
                        "a limit of no bits, of more than 8, or of bits that its register hasn't"
                    );
                }
                checks::<D>(awaited, queue);
            }
            Step::Sleep(_) => {}
        }
        index += 1;
    }
}

/// The register of the last queue.
const fn last_place<D: Table>(at: &At, queue: Option<&Queue>) {
    let last = match queue {
        Some(queue) => queue.numbers.1,
        None => 0,
    };
    let offset = at.of(last);
    place::<D>(at, 1, 0);
    place::<D>(&At { offset, ..*at }, 1, 0);
}

/// An address is told as a whole, or in halves, of a queue's memory.
const fn address(at: &At, value: &Value, queue: Option<&Queue>) {
    let Some((part, half)) = value.address else {
        return;
    };
    let Some(queue) = queue else {
        panic!("an address outside a queue's start");
    };
    let width = at.width.bytes();
    assert!(part < parts(&queue.format), "an address of no part");
    assert!(value.is_address(), "an address and something else");
    assert!(
        (width == 8) == matches!(half, Half::Both) && width >= 4,
        "a register of another width than its address"
    );
}

/// No driver writes the bits of a register that a queue's step writes; of one that takes an address none at all, nor an index there.
const fn guarded<D: Table>(at: &At, bits: u64, is_address: bool, queue: Option<&Queue>) {
    let Some(queue) = queue else {
        return;
    };
    let registers = queue.registers(at);
    each_rule!(D, |rule, _number| {
        let is_free = !is_address && leaves(rule, at, bits);
        let writes = rule.is_written() && !is_free && overlap(rule, &registers);
        let selects = match rule.select {
            Some(select) if is_address => {
                let register = Rule::new(rule.window, select.offset, select.width);
                overlap(&register, &registers)
            }
            _ => false,
        };
        assert!(
            !writes && !selects,
            "a rule lets drivers write a register that starts or stops a queue"
        );
    });
}

/// Whether a driver that writes this very register by a rule leaves bits as they are that a step has set or cleared: it merges others; or
/// all of its values have them set, and are written behind the start only.
const fn leaves(rule: &Rule, at: &At, bits: u64) -> bool {
    let is_same = rule.count == 1
        && at.stride == 0
        && rule.offset == at.offset
        && rule.width.bytes() == at.width.bytes();
    match rule.write {
        Write::Merge(merged) => is_same && merged & bits == 0,
        Write::Values(values) => {
            let mut keeps = is_same && rule.once_started;
            let mut index = 0;
            while index < values.len() {
                keeps &= values[index] & bits == bits;
                index += 1;
            }
            keeps
        }
        _ => false,
    }
}
