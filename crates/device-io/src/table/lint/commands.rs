//! Entries that drivers may put.

use super::steps::{filled, most};
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
    let (mut other, mut learns) = (0, false);
    while other < D::COMMANDS.len() {
        let also: &Command = &D::COMMANDS[other];
        learns |= matches!(also.data, Data::Page(Some(_)));
        assert!(
            also.queue != command.queue
                || also.opcode != command.opcode
                || kind(&also.data) == kind(&command.data),
            "two commands of one operation code that transfer different things"
        );
        other += 1;
    }
    assert!(
        learns || !matches!(command.data, Data::Units(..)),
        "units that no command learns"
    );
    let of = match command.data {
        Data::Queue(queue, _) if queue < D::QUEUES.len() => queue,
        _ => command.queue,
    };
    let known = most(&D::QUEUES[of]);
    let mut bits = [0; WORDS];
    let mut word = 0;
    while word < command.words.len() {
        let value = &command.words[word];
        assert!(value.address.is_none(), "an address in a command's words");
        bits[word] = filled(value, &known, Width::W32) as u32;
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
                command.words[count.word].chosen & count.mask() as u64 == 0
                    && bits[count.word] & count.mask() == 0,
                "something else chooses how much is transferred"
            );
            assert!(
                *key < command.words.len()
                    && command.words[*key].chosen == 0
                    && bits[*key] == 0
                    && *key != count.word,
                "something else chooses whose unit it is"
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

/// What is transferred, and which way: a number for each.
const fn kind(data: &Data) -> u8 {
    match data {
        Data::None => 0,
        Data::Page(_) => 1,
        Data::Queue(..) => 2,
        Data::Units(Direction::ToDevice, ..) => 3,
        Data::Units(Direction::ToHost, ..) => 4,
    }
}

const fn learn(learn: &Learn, page: usize) {
    assert!(
        learn.key < WORDS && learn.selector < page && learn.last < page,
        "learning past the page"
    );
    let mut part = 0;
    while part < learn.index.len() {
        let (right, mask, left) = learn.index[part];
        assert!(
            right < 8 && mask as u32 <= 0xFF && left <= 8,
            "an index of bits that a byte hasn't"
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
        "learning past the page"
    );
    assert!(
        learn.shifts.0 <= learn.shifts.1 && learn.shifts.1 < 32,
        "units of 2 GiB or more"
    );
}
