//! What a table is checked for when it is first named: contradictions that a reviewer could miss.
//!
//! - *Gaps*: part of a queue's memory whose address no step and no command gives to the device, or half of an address.
//! - *Unguarded registers*: one that takes an address, a queue's size or a doorbell, and that a rule lets drivers write, or
//!   select another by.
//! - *Overlaps*: a register that two rules list; fields of an entry that two parts of a format fill.
//! - Numbers that are out of range: of windows, registers, words, bits, queues and commands.

use super::command::{Command, Data, Learn};
use super::queue::{Bits, Doorbell, Format, Queue, Rung, Stride};
use super::register::{Rule, Write};
use super::step::{At, Half, Limit, Step, Value};
use super::{MAX_WINDOWS, Table};

/// Does what is said for each rule of a table, and its number.
macro_rules! each_rule {
    ($table:ty, |$rule:ident, $number:ident| $body:block) => {
        let (mut group, mut $number) = (0, 0usize);
        while group < <$table>::REGISTERS.len() {
            let mut index = 0;
            while index < <$table>::REGISTERS[group].len() {
                let $rule = &<$table>::REGISTERS[group][index];
                $body
                index += 1;
                $number += 1;
            }
            group += 1;
        }
    };
}

/// Checks a table. Meant for constants, where it runs in the compiler.
///
/// # Panics
///
/// If the table contradicts itself.
pub const fn lint<D: Table>() {
    windows::<D>();
    rules::<D>();
    let mut index = 0;
    while index < D::IDLE.len() {
        place::<D>(
            &D::IDLE[index].at,
            D::IDLE[index].count,
            D::IDLE[index].stride,
        );
        index += 1;
    }
    assert!(!D::IDLE.is_empty(), "a table without an idle test");
    steps::<D>(D::RESET, None);
    steps::<D>(D::SILENT_RESET, None);
    index = 0;
    while index < D::QUEUES.len() {
        queue::<D>(index);
        index += 1;
    }
    index = 0;
    while index < D::COMMANDS.len() {
        command::<D>(&D::COMMANDS[index]);
        index += 1;
    }
}

const fn windows<D: Table>() {
    assert!(
        !D::WINDOWS.is_empty() && D::WINDOWS.len() <= MAX_WINDOWS,
        "a table has 1 to 6 windows"
    );
    let mut index = 0;
    while index < D::WINDOWS.len() {
        let window = &D::WINDOWS[index];
        assert!(window.length > 0, "an empty window");
        assert!(
            window.most >= window.length,
            "a window longer than its most"
        );
        assert!(
            window.align.is_power_of_two() && window.align <= 8,
            "a window at a multiple of something else than 1, 2, 4 or 8 bytes"
        );
        index += 1;
    }
}

const fn rules<D: Table>() {
    each_rule!(D, |rule, number| {
        let aligned = rule.offset.is_multiple_of(rule.width.bytes())
            && rule.stride.is_multiple_of(rule.width.bytes());
        assert!(aligned, "a misaligned register");
        assert!(rule.window < D::WINDOWS.len(), "a rule of no window");
        assert!(
            rule.width.bytes() <= D::WINDOWS[rule.window].align,
            "a register that is wider than its window is aligned"
        );
        assert!(
            matches!(rule.end(), Some(end) if end <= D::WINDOWS[rule.window].most),
            "a register outside its window"
        );
        if let Some(select) = rule.select {
            let at = At {
                offset: select.offset,
                width: select.width,
                stride: 0,
                window: rule.window,
            };
            place::<D>(&at, 1, 0);
            let listed = touched::<D>(&at);
            assert!(
                !listed && rule.count == 1,
                "a rule for a register that selects, or an array behind one"
            );
            assert!(
                select.count > 0 && select.count as u64 - 1 <= select.width.all_ones(),
                "more indexes than the register that selects has values"
            );
        }
        if let Write::Masks(masks) = rule.write {
            assert!(
                matches!(rule.select, Some(select) if select.count as usize <= masks.len()),
                "an index without a mask"
            );
        }
        each_rule!(D, |before, other| {
            let overlap = other < number && overlap(before, rule);
            assert!(!overlap, "two rules for one register");
        });
    });
}

/// Whether two rules list bytes in common.
const fn overlap(one: &Rule, other: &Rule) -> bool {
    let (Some(end), Some(other_end)) = (one.end(), other.end()) else {
        return true;
    };
    if one.window != other.window || one.offset >= other_end || other.offset >= end {
        return false;
    }
    let mut index = 0;
    while index < other.count {
        let offset = other.offset + index * other.stride;
        if one.touches(other.window, offset, other.width.bytes()) {
            return true;
        }
        index += 1;
    }
    false
}

/// Whether a rule lists bytes of a register.
const fn touched<D: Table>(at: &At) -> bool {
    each_rule!(D, |rule, _number| {
        if rule.touches(at.window, at.offset, at.width.bytes()) {
            return true;
        }
    });
    false
}

/// Whether a rule has drivers write bytes of queue `number`'s register: all of it, or of one that takes an address also some bits, or
/// an index.
const fn driver_writes<D: Table>(at: &At, number: u16, is_address: bool) -> bool {
    let (offset, bytes) = (at.of(number), at.width.bytes());
    each_rule!(D, |rule, _number| {
        let merges = matches!(rule.write, Write::Merge(_));
        if rule.is_written() && (is_address || !merges) && rule.touches(at.window, offset, bytes) {
            return true;
        }
        if is_address && rule.selects_by(at.window, offset, bytes) {
            return true;
        }
    });
    false
}

/// A register, or an array of them, that the engine accesses.
const fn place<D: Table>(at: &At, count: usize, stride: usize) {
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

/// Steps of a reset, or of a queue.
const fn steps<D: Table>(steps: &[Step], queue: Option<&Queue>) {
    let mut index = 0;
    while index < steps.len() {
        match &steps[index] {
            Step::Write(at, value) => step::<D>(at, value, queue),
            Step::AtLeast(at, value) => {
                last_place::<D>(at, queue);
                assert!(value.address.is_none(), "a comparison with an address");
            }
            Step::Update(at, ..) => last_place::<D>(at, queue),
            Step::Require(check) => last_place::<D>(&check.at, queue),
            Step::Await(checks, limit) | Step::Settle(checks, limit) => {
                if let Limit::Field(at, _, bits, _) = limit {
                    place::<D>(at, 1, 0);
                    assert!(*bits <= 8, "a limit of more than 8 bits");
                }
                let mut check = 0;
                while check < checks.len() {
                    last_place::<D>(&checks[check].at, queue);
                    check += 1;
                }
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

/// What a step writes.
const fn step<D: Table>(at: &At, value: &Value, queue: Option<&Queue>) {
    last_place::<D>(at, queue);
    let width = at.width.bytes();
    let Some(queue) = queue else {
        assert!(
            value.address.is_none(),
            "an address outside a queue's start"
        );
        return;
    };
    if let Some((part, half)) = value.address {
        assert!(part < parts(&queue.format), "an address of no part");
        assert!(
            (width == 8) == matches!(half, Half::Both) && width >= 4,
            "a register of another width than its address"
        );
    }
    let mut number = queue.numbers.0;
    while number <= queue.numbers.1 {
        assert!(
            !driver_writes::<D>(at, number, value.address.is_some()),
            "a rule lets drivers write a register that starts a queue"
        );
        number += 1;
    }
}

/// Parts of a queue's memory.
const fn parts(format: &Format) -> usize {
    match format {
        Format::Ring(_) => 1,
        Format::Split(_) => 3,
        Format::Pair(_) => 2,
    }
}

const fn queue<D: Table>(index: usize) {
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
    match &queue.format {
        Format::Ring(ring) => {
            assert!(
                queue.entries.0 >= 8
                    && queue.entries.0.is_power_of_two()
                    && queue.entries.1.is_power_of_two(),
                "a ring whose entries are no power of two from 8 on"
            );
            assert!(
                ring.bytes.0 > 0 && ring.bytes.0 <= ring.bytes.1 && ring.bytes.1 <= 0xFFFF,
                "buffers of no bytes, or of more than 16 bits count"
            );
            let mut filled = ring.fixed | ring.report;
            let mut field = 0;
            while field < ring.lengths.len() {
                assert!(ring.lengths[field] <= 48, "a length past the descriptor");
                filled |= 0xFFFF << ring.lengths[field];
                field += 1;
            }
            assert!(
                ring.done != 0 && filled & ring.done == 0,
                "descriptors that look done from the start"
            );
            assert!(ring.written <= 48, "a length past the descriptor");
        }
        Format::Split(split) => assert!(
            split.head.bytes <= 16
                && split.tail.bytes <= 16
                && queue.entries.0.is_power_of_two()
                && queue.entries.1.is_power_of_two(),
            "pieces of more than 16 bytes, or entries that are no power of two"
        ),
        Format::Pair(pair) => {
            doorbell::<D>(&pair.head_doorbell, queue);
            let words = [pair.opcode.word, pair.tag.word];
            let mut filled = [0u8; 16];
            filled[words[0]] = 1;
            filled[words[1]] = 1;
            let mut at = 0;
            while at < pair.words.len() {
                fill(&mut filled, pair.words[at]);
                at += 1;
            }
            fill(&mut filled, pair.pointers[0]);
            fill(&mut filled, pair.pointers[0] + 1);
            fill(&mut filled, pair.pointers[1]);
            fill(&mut filled, pair.pointers[1] + 1);
            assert!(
                pair.pointers[0].is_multiple_of(2) && pair.pointers[1].is_multiple_of(2),
                "a misaligned data pointer"
            );
            bits(&pair.opcode, 16);
            bits(&pair.tag, 16);
            bits(&pair.phase, 4);
            bits(&pair.done_tag, 4);
            bits(&pair.status, 4);
            bits(&pair.number, 4);
            bits(&pair.head, 4);
            assert!(
                pair.tag.bits == 16 && pair.done_tag.bits == 16 && pair.phase.bits == 1,
                "a tag that isn't 16 bits wide, or a phase that isn't one"
            );
            assert!(
                pair.opcode.word != pair.tag.word || pair.opcode.mask() & pair.tag.mask() == 0,
                "a tag in the operation code"
            );
            assert!(pair.result < 4, "a result past the completion");
            assert!(
                pair.page.is_power_of_two() && pair.page >= 512 && pair.page <= 4096,
                "pages of fewer than 512 or more than 4096 bytes"
            );
            assert!(
                pair.list.is_power_of_two() && pair.list >= 2 && pair.list * 8 <= pair.page,
                "lists that do not divide a page"
            );
        }
    }
    let mut part = 0;
    while part < parts(&queue.format) {
        assert!(
            is_told::<D>(index, part),
            "a part of a queue's memory of which the device isn't told"
        );
        part += 1;
    }
}

const fn fill(filled: &mut [u8; 16], word: usize) {
    assert!(
        word < 16 && filled[word] == 0,
        "two parts of a format in one word"
    );
    filled[word] = 1;
}

const fn bits(bits: &Bits, words: usize) {
    assert!(
        bits.word < words && bits.bits > 0 && bits.bits <= 32 && bits.shift <= 32 - bits.bits,
        "bits past their word"
    );
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

const fn command<D: Table>(command: &Command) {
    assert!(command.queue < D::QUEUES.len(), "a command of no queue");
    let Format::Pair(pair) = &D::QUEUES[command.queue].format else {
        panic!("a command of a queue without commands");
    };
    assert!(
        (command.opcode as u32) <= pair.opcode.mask() >> pair.opcode.shift,
        "an operation code that doesn't fit"
    );
    let mut word = 0;
    while word < command.words.len() {
        let value = &command.words[word];
        assert!(value.address.is_none(), "an address in a command's words");
        assert!(
            value.chosen <= u32::MAX as u64,
            "a choice of more than 32 bits"
        );
        word += 1;
    }
    match &command.data {
        Data::None => {}
        Data::Page(None) => {}
        Data::Page(Some(learned)) => learn(learned, pair.page),
        Data::Units(_, key, count) => {
            assert!(
                count.word < command.words.len()
                    && count.bits <= 16
                    && count.shift <= 32 - count.bits,
                "a count past the command's words"
            );
            assert!(
                command.words[count.word].chosen & count.mask() as u64 == 0,
                "a driver chooses how much is transferred"
            );
            assert!(
                *key < command.words.len() && command.words[*key].chosen == 0 && *key != count.word,
                "a driver chooses whose unit it is"
            );
        }
        Data::Queue(queue, part) => assert!(
            *queue < D::QUEUES.len()
                && matches!(D::QUEUES[*queue].format, Format::Pair(_))
                && *part < 2
                && D::QUEUES[*queue].start.is_empty(),
            "a command makes a queue that has steps of its own, or isn't a pair"
        ),
    }
}

const fn learn(learn: &Learn, page: usize) {
    assert!(
        learn.key < super::command::WORDS && learn.selector < page && learn.last < page,
        "learning past the page"
    );
    let most = {
        let [a, b] = learn.index;
        (a.1 as usize) << a.2 | (b.1 as usize) << b.2
    };
    let (start, stride) = learn.table;
    assert!(
        start + (most + 1) * stride <= page && learn.shift < stride && learn.zero.1 <= stride,
        "learning past the page"
    );
    assert!(
        learn.shifts.0 <= learn.shifts.1 && learn.shifts.1 < 32,
        "units of 2 GiB or more"
    );
}
