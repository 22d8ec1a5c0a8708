//! Checks the entries that drivers may put.

use super::steps::filled;
use crate::table::command::{Command, Data, Learn, WORDS};
use crate::table::queue::Format;
use crate::table::register::Width;
use crate::table::{Direction, Table};

pub(super) const fn command<D: Table>(index: usize) {
    let command = &D::COMMANDS[index];
    assert!(command.queue < D::QUEUES.len(), "a command of no queue");
    let Format::Pair(pair) = &D::QUEUES[command.queue].format else {
        panic!("a command of a queue without commands");
    };
    assert!(
        (command.opcode as u32) <= pair.opcode.mask() >> pair.opcode.shift,
        "an operation code that doesn't fit"
    );
    let (mut other, mut learns, mut learned_of) = (0, 0, 0);
    while other < D::COMMANDS.len() {
        let also: &Command = &D::COMMANDS[other];
        if let Data::Page(Some(learn)) = also.data {
            learns += 1;
            learned_of = learn.key;
        }
        assert!(
            also.queue != command.queue
                || also.opcode != command.opcode
                || is_alike(&also.data, &command.data),
            "two commands of one operation code transfer different data"
        );
        other += 1;
    }
    assert!(
        learns > 0 || !matches!(command.data, Data::Units(..)),
        "a command counts in units that no command learns"
    );
    // A unit doesn't record the command from which it was learned, so only one command may learn units.
    assert!(learns <= 1, "two commands that learn a unit");
    let of = match command.data {
        Data::Queue(queue, _) if queue < D::QUEUES.len() => &D::QUEUES[queue],
        _ => &D::QUEUES[command.queue],
    };
    let (mut bits, mut is_named) = ([0; WORDS], of.count() == 1);
    let mut word = 0;
    while word < command.words.len() {
        let value = &command.words[word];
        assert!(value.address.is_none(), "an address in a command's words");
        bits[word] = filled(value, Some(of), Width::W32) as u32;
        is_named |= value.names_queue();
        word += 1;
    }
    match &command.data {
        Data::None => {}
        Data::Page(None) => {}
        Data::Page(Some(learned)) => {
            learn(learned, pair.page);
            let mut word = 0;
            while word < command.words.len() {
                assert!(
                    word == learned.key || command.words[word].chosen == 0,
                    "a driver chooses words besides the key of what is learned"
                );
                word += 1;
            }
        }
        Data::Units(_, key, count) => {
            assert!(
                count.word < command.words.len()
                    && count.bits <= 16
                    && count.shift <= 32 - count.bits,
                "a count past the command's words"
            );
            assert!(
                command.words[count.word].chosen & count.mask() as u64 == 0
                    && bits[count.word] & count.mask() == 0,
                "the bits of a count are filled or chosen by something else"
            );
            assert!(
                *key < command.words.len()
                    && command.words[*key].chosen == 0
                    && bits[*key] == 0
                    && *key != count.word,
                "the word of a unit's key is filled or chosen by something else"
            );
            assert!(
                *key == learned_of,
                "a command puts a unit's key into another word than the command that learned it"
            );
        }
        Data::Queue(queue, part) => {
            assert!(
                *queue < D::QUEUES.len()
                    && matches!(of.format, Format::Pair(_))
                    && *part < 2
                    && of.start.is_empty(),
                "a command makes a queue that has steps of its own, or isn't a pair"
            );
            assert!(
                is_named,
                "a command that doesn't say which of several queues it makes"
            );
        }
    }
}

/// Whether two commands transfer the same kind of data, in the same direction, described by the same bits.
const fn is_alike(one: &Data, other: &Data) -> bool {
    match (one, other) {
        (Data::None, Data::None) | (Data::Page(_), Data::Page(_)) => true,
        (Data::Queue(queue, part), Data::Queue(also, other)) => *queue == *also && *part == *other,
        (Data::Units(way, key, count), Data::Units(other_way, other_key, other)) => {
            let is_one_way =
                matches!(way, Direction::ToHost) == matches!(other_way, Direction::ToHost);
            let is_one_count = count.word == other.word && count.mask() == other.mask();
            is_one_way && is_one_count && *key == *other_key
        }
        _ => false,
    }
}

const fn learn(learn: &Learn, page: usize) {
    assert!(
        learn.key < WORDS && learn.selector < page && learn.last < page,
        "a unit is learned from bytes outside the page"
    );
    let mut part = 0;
    while part < learn.index.len() {
        let (right, mask, left) = learn.index[part];
        assert!(
            right < 8 && mask as u32 <= 0xFF && left <= 8,
            "an index uses bits that a byte does not have"
        );
        part += 1;
    }
    let most = {
        let [a, b] = learn.index;
        (a.1 as usize) << a.2 | (b.1 as usize) << b.2
    };
    let (start, stride) = learn.table;
    assert!(
        start + (most + 1) * stride <= page && learn.shift < stride && learn.zero.1 <= stride,
        "a unit is learned from bytes outside the page"
    );
    assert!(
        learn.zero.0 <= learn.zero.1,
        "a range of bytes that ends before it begins"
    );
    let [a, b] = learn.index;
    assert!(
        (a.1 as usize) << a.2 & (b.1 as usize) << b.2 == 0,
        "two parts of an index in one bit"
    );
    assert!(
        learn.shifts.0 <= learn.shifts.1 && learn.shifts.1 < 32,
        "units of 2 GiB or more"
    );
}
