//! Attack E: tables that contradict themselves, each a slip of one line, which the lint lets pass.
#![forbid(unsafe_code)]

use std::panic::catch_unwind;

use samara_device_io::table::lint::lint;
use samara_device_io::table::step::{at, chosen, entries, high, low, number, only};
use samara_device_io::table::{
    Bits, Check, Command, Direction, Doorbell, Id, Learn, Limit, PairFormat, Queue, RingFormat,
    Rule, Rung, Step, Stride, Table, Width, Window, Write,
};
use samara_host_std as _;

use case::*;

#[path = "fixtures/case.rs"]
#[allow(dead_code)]
mod case;

fn refused<D: Table>() {
    assert!(catch_unwind(lint::<D>).is_err(), "the lint lets it pass");
}

macro_rules! bad {
    ($($name:ident: { $($item:item)* })+) => { $(
        #[test]
        fn $name() {
            struct Bad;
            impl Case for Bad { $($item)* }
            refused::<Of<Bad>>();
        }
    )+ };
}

const ADDRESSES: [Step; 2] = [
    Step::Write(reg(0x20), low(0)),
    Step::Write(reg(0x24), high(0)),
];
const TO_HOST: RingFormat = RingFormat {
    direction: Direction::ToHost,
    bytes: (1024, 1024),
    lengths: &[],
    ..RING
};

bad! {
    // What is written last counts: an address that a later step of the same start, or what follows it, writes over.
    an_address_that_a_later_step_writes_over: {
        const QUEUES: &'static [Queue] = &[Queue { start: &[
            ADDRESSES[0], ADDRESSES[1], Step::Write(reg(0x20), only(0x1000)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    an_address_of_which_a_later_step_changes_bits: {
        const QUEUES: &'static [Queue] = &[Queue { start: &[
            ADDRESSES[0], ADDRESSES[1], Step::Update(reg(0x24), 0, 1 << 20),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    an_address_that_drivers_choose_behind_the_engine: {
        const QUEUES: &'static [Queue] = &[Queue { start: &[
            ADDRESSES[0], ADDRESSES[1], Step::Write(reg(0x24), chosen(0xFFFF_FFFF)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    an_address_that_is_written_over_when_the_queue_is_ready: {
        const QUEUES: &'static [Queue] = &[Queue { ready: &[Step::Write(reg(0x20), only(0x1000))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    an_address_that_another_queue_writes_over: {
        const QUEUES: &'static [Queue] = &[ADMIN, IO, Queue { numbers: (5, 5), start: &[
            Step::Write(reg(0x60), low(0)), Step::Write(reg(0x64), high(0)), Step::Write(reg(0x20), chosen(0xFFFF_FFFF)),
        ], ..ring(RING) }];
    }
    // A size that was read back, and then written anew; or is told behind the start, where nobody reads it back.
    a_size_that_a_later_step_writes_over: {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), start: &[
            ADDRESSES[0], ADDRESSES[1], Step::Write(reg(0x40), entries(1)), Step::Equal(reg(0x40), entries(1)),
            Step::Write(reg(0x40), only(0xFFFF)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_size_that_a_later_step_updates: {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), start: &[
            ADDRESSES[0], ADDRESSES[1], Step::Write(reg(0x40), entries(1)), Step::Equal(reg(0x40), entries(1)),
            Step::Update(reg(0x40), 0, 1 << 12),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_size_that_drivers_choose_behind_the_engine: {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), start: &[
            ADDRESSES[0], ADDRESSES[1], Step::Write(reg(0x40), entries(1)), Step::Equal(reg(0x40), entries(1)),
            Step::Write(reg(0x40), chosen(0xFFFF)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_size_that_is_told_when_the_queue_is_ready: {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), start: &[
            ADDRESSES[0], ADDRESSES[1], Step::Write(reg(0x40), entries(1)), Step::Equal(reg(0x40), entries(1)),
        ], ready: &[Step::Write(reg(0x40), entries(2))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A size in which two summands meet: 8 entries are told as 16 + 8.
    a_size_and_something_else: {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), start: &[
            ADDRESSES[0], ADDRESSES[1], Step::Write(reg(0x40), entries(1).plus(16)), Step::Equal(reg(0x40), entries(1).plus(16)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A driver's number of bytes, of which the lint takes it that there's none, in the size of the queue.
    a_buffer_of_a_queue_that_only_reads: {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), start: &[
            ADDRESSES[0], ADDRESSES[1], Step::Write(reg(0x40), entries(1).buffer(1)), Step::Equal(reg(0x40), entries(1).buffer(1)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A position that its doorbell has no bits for: 300 is told as 44, and everything from 44 on around is executed again.
    a_doorbell_that_is_narrower_than_positions: {
        const QUEUES: &'static [Queue] = &[Queue { entries: (1024, 1024), doorbell: Doorbell { width: Width::W8, ..BELL }, ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_head_doorbell_that_is_narrower_than_positions: {
        const QUEUES: &'static [Queue] = &[Queue { entries: (1024, 1024), ..pair(&PairFormat { head_doorbell: Doorbell { width: Width::W8, offset: 0xC0, ..BELL }, ..PAIR }) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // The device knows how far a ring is filled by its doorbell alone: it takes the queue's number for that.
    a_ring_whose_doorbell_is_told_a_number: {
        const QUEUES: &'static [Queue] = &[Queue { numbers: (3, 3), doorbell: Doorbell { value: Rung::Number, ..BELL }, ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_pair_whose_doorbell_is_told_a_number: {
        const QUEUES: &'static [Queue] = &[ADMIN, Queue { doorbell: Doorbell { value: Rung::Number, ..BELL }, ..IO }];
    }
    // Another queue's step rings.
    a_step_that_writes_another_queues_doorbell: {
        const QUEUES: &'static [Queue] = &[ADMIN, IO, Queue { numbers: (5, 5), start: &[
            Step::Write(reg(0x60), low(0)), Step::Write(reg(0x64), high(0)), Step::Write(reg(0x80), chosen(0xFF)),
        ], ..ring(RING) }];
    }
    // The device reads as many bytes as it likes.
    lengths_that_no_field_tells: {
        const QUEUES: &'static [Queue] = &[ring(RingFormat { bytes: (1, 1024), lengths: &[], ..RING })];
        const COMMANDS: &'static [Command] = &[];
    }
    // One operation code, two places of the count: by the second a driver chooses the bits that the first counts in.
    one_operation_code_with_two_counts: {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ,
            Command { words: [NO, NO, NO, chosen(0xFFFF), NO, NO, NO], ..reads(0, Bits::new(4, 0, 16)) }];
    }
    one_operation_code_with_two_keys: {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ,
            Command { words: [chosen(0xFFFF_FFFF), NO, NO, NO, NO, NO, NO], ..reads(1, Bits::new(3, 0, 16)) }];
    }
    // What is learned has one type: a unit of one thing is taken for that of another.
    two_things_to_learn: {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ,
            Command { opcode: 9, ..learns(&Learn { selector: 30, table: (512, 4), ..LEARN }) }];
    }
    // A completion's bits that say two things.
    a_completion_whose_phase_is_in_its_tag: {
        const QUEUES: &'static [Queue] = &[pair(&PairFormat { phase: Bits::new(3, 0, 1), ..PAIR })];
        const COMMANDS: &'static [Command] = &[];
    }
    a_completion_whose_number_is_in_its_tag: {
        const QUEUES: &'static [Queue] = &[pair(&PairFormat { number: Bits::new(3, 0, 16), ..PAIR })];
        const COMMANDS: &'static [Command] = &[];
    }
    a_length_written_over_what_is_done: {
        const QUEUES: &'static [Queue] = &[ring(RingFormat { done: 1 << 63, written: 48, ..TO_HOST })];
        const COMMANDS: &'static [Command] = &[];
    }
    // Selected by what a driver chooses, by a register that is written over, by another one than another kind's.
    a_queue_that_drivers_select: {
        const QUEUES: &'static [Queue] = &[Queue { numbers: (0, 1), start: &[
            Step::Write(reg(0x44), number(1).chosen(0xF0)), ADDRESSES[0], ADDRESSES[1],
        ], ..SELECTED }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_queue_that_is_selected_and_then_another: {
        const QUEUES: &'static [Queue] = &[Queue { numbers: (0, 1), start: &[
            Step::Write(reg(0x44), number(1)), Step::Write(reg(0x44), only(0)), ADDRESSES[0], ADDRESSES[1],
        ], ..SELECTED }];
        const COMMANDS: &'static [Command] = &[];
    }
    two_kinds_that_are_selected_by_two_registers: {
        const QUEUES: &'static [Queue] = &[SELECTED, Queue { numbers: (2, 3), start: &[
            Step::Write(reg(0x48), number(1)), ADDRESSES[0], ADDRESSES[1],
        ], ..SELECTED }];
        const COMMANDS: &'static [Command] = &[];
    }
    two_kinds_that_are_selected_by_one_value: {
        const QUEUES: &'static [Queue] = &[Queue { numbers: (4, 5), ..SELECTED }, Queue { numbers: (2, 3), start: &[
            Step::Write(reg(0x44), number(2)), ADDRESSES[0], ADDRESSES[1],
        ], ..SELECTED }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A stop of the queue that is selected at the time: by whom?
    a_stop_of_what_is_selected: {
        const REGISTERS: &'static [Rule] = &[word(0x4C).read().behind(0x44, Width::W32, 2)];
        const QUEUES: &'static [Queue] = &[Queue { start: &[
            Step::Write(reg(0x44), number(1)), ADDRESSES[0], ADDRESSES[1], Step::Write(reg(0x48), only(1)),
        ], stop: &[
            Step::Update(reg(0x48), 1, 0), Step::Await(&[Check::new(reg(0x48), 1, 0)], Limit::Millis(1)),
        ], ..SELECTED }];
        const COMMANDS: &'static [Command] = &[];
    }
    // What the engine takes the device's word for, a driver writes there.
    an_idle_test_of_what_drivers_write: {
        const REGISTERS: &'static [Rule] = &[word(0x5C).write(Write::Any)];
        const IDLE: &'static [Check] = &[Check::new(reg(0x5C), 1, 0)];
    }
    a_stop_that_awaits_what_drivers_write: {
        const REGISTERS: &'static [Rule] = &[word(0x5C).write(Write::Any)];
        const QUEUES: &'static [Queue] = &[Queue { stop: &[
            Step::Update(reg(0x48), 1, 0), Step::Await(&[Check::new(reg(0x5C), 1, 0)], Limit::Millis(1)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_reset_that_awaits_what_drivers_write: {
        const REGISTERS: &'static [Rule] = &[word(0x5C).write(Write::Any)];
        const RESET: &'static [Step] = &[Step::Write(reg(0x18), only(1)), Step::Await(&[Check::new(reg(0x5C), 1, 0)], Limit::Millis(1))];
    }
    // The same bit, in a register of another width: 1 << 31 at 1Ch is 1 << 15 at 1Eh.
    a_rule_for_what_resets_in_another_width: {
        const REGISTERS: &'static [Rule] = &[Rule::new(0, 0x1E, Width::W16).write(Write::Bits(0x8000))];
        const RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1 << 31))];
    }
    a_rule_that_merges_what_resets_in_another_width: {
        const REGISTERS: &'static [Rule] = &[Rule::new(0, 0x1E, Width::W16).write(Write::Merge(0x8000))];
        const RESET: &'static [Step] = &[Step::Update(reg(0x1C), 0, 1 << 31)];
    }
    // Zeroes that a start writes are the engine's too: what they turn off, a driver turns on.
    a_rule_merges_what_a_start_writes_as_zeroes: {
        const REGISTERS: &'static [Rule] = &[word(0x48).write(Write::Merge(0xFFFF_FFFF))];
        const QUEUES: &'static [Queue] = &[Queue { start: &[
            ADDRESSES[0], ADDRESSES[1], Step::Write(reg(0x48), only(0)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // Where there's no queue, the register of each queue is that of queue 0 alone.
    an_idle_test_of_each_queue: {
        const IDLE: &'static [Check] = &[Check::new(reg(0x18).each(4), 1, 0)];
    }
    a_reset_of_each_queue: {
        const RESET: &'static [Step] = &[Step::Update(reg(0x18).each(4), 1, 0)];
    }
    a_doorbell_that_each_queue_lists: {
        const WINDOWS: &'static [Window] = &[Window::capability(1, 0x100).up_to(0x200)];
        const QUEUES: &'static [Queue] = &[Queue { numbers: (0, 3), start: &[
            Step::Write(reg(0x20).each(8), low(0)), Step::Write(reg(0x24).each(8), high(0)),
        ], doorbell: Doorbell { offset: 0xC0, stride: Stride::Listed(at(0, 0x10, Width::W16).each(2)), value: Rung::Number, ..BELL }, ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // The device says where a queue's doorbell is: the same place for two, and each tail is told to both.
    a_position_that_is_told_where_the_device_says: {
        const WINDOWS: &'static [Window] = &[Window::capability(1, 0x100).up_to(0x200)];
        const QUEUES: &'static [Queue] = &[Queue { numbers: (0, 3), start: &[
            Step::Write(reg(0x20).each(8), low(0)), Step::Write(reg(0x24).each(8), high(0)),
        ], doorbell: Doorbell { offset: 0xC0, stride: Stride::Listed(at(0, 0x10, Width::W16)), ..BELL }, ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // An index is a driver's number: it is written where a size was told, where a bit resets, where a doorbell's place is read.
    an_index_where_a_size_is_told: {
        const REGISTERS: &'static [Rule] = &[word(0x4C).read().behind(0x40, Width::W32, 0x1_0000)];
        const QUEUES: &'static [Queue] = &[SIZED];
        const COMMANDS: &'static [Command] = &[];
    }
    an_index_where_a_bit_resets: {
        const REGISTERS: &'static [Rule] = &[word(0x4C).read().behind(0x1C, Width::W32, 2)];
        const RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1))];
    }
    an_index_where_a_stop_writes: {
        const REGISTERS: &'static [Rule] = &[word(0x4C).read().behind(0x48, Width::W32, 2)];
        const QUEUES: &'static [Queue] = &[Queue { stop: &[
            Step::Update(reg(0x48), 1, 0), Step::Await(&[Check::new(reg(0x48), 1, 0)], Limit::Millis(1)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    an_index_where_a_doorbells_place_is_read: {
        const REGISTERS: &'static [Rule] = &[word(0x4C).read().behind(0x60, Width::W32, 16)];
        const QUEUES: &'static [Queue] = &[Queue {
            doorbell: Doorbell { offset: 0xC0, stride: Stride::Shifted(reg(0x60), 0, 4), ..BELL }, ..ring(RING)
        }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A value that has all bits set that a size may have is a larger size, and so is one with higher bits.
    a_rule_for_a_larger_size: {
        const REGISTERS: &'static [Rule] = &[word(0x40).write(Write::Values(&[0xFFFF])).once_started()];
        const QUEUES: &'static [Queue] = &[SIZED];
        const COMMANDS: &'static [Command] = &[];
    }
    a_rule_that_merges_higher_bits_of_a_size: {
        const REGISTERS: &'static [Rule] = &[word(0x40).write(Write::Merge(0xFF00))];
        const QUEUES: &'static [Queue] = &[SIZED];
        const COMMANDS: &'static [Command] = &[];
    }
    // The bit that resets, and no other; and another one with it.
    a_rule_that_merges_the_bit_that_resets: {
        const REGISTERS: &'static [Rule] = &[word(0x1C).write(Write::Merge(1))];
        const RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1))];
    }
    a_rule_for_the_bit_that_resets_and_another: {
        const REGISTERS: &'static [Rule] = &[word(0x1C).write(Write::Values(&[3]))];
        const RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1))];
    }
    // What the device says it can have, drivers write there.
    a_limit_that_drivers_write: {
        const REGISTERS: &'static [Rule] = &[word(0x5C).write(Write::Any)];
        const QUEUES: &'static [Queue] = &[Queue { start: &[
            ADDRESSES[0], ADDRESSES[1], Step::AtLeast(reg(0x5C), entries(1)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A queue's number, written where the device says: over an address of the same window.
    a_number_that_is_told_over_an_address: {
        const WINDOWS: &'static [Window] = &[Window::capability(1, 0x100).up_to(0x200)];
        const QUEUES: &'static [Queue] = &[Queue { numbers: (1, 1),
            doorbell: Doorbell { offset: 0x00, index: (0, 0), stride: Stride::Listed(at(0, 0x10, Width::W16)), value: Rung::Number, ..BELL },
            ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // No driver sees a bus address.
    a_rule_that_reads_an_address: {
        const REGISTERS: &'static [Rule] = &[word(0x20).read()];
        const QUEUES: &'static [Queue] = &[ring(RING)];
        const COMMANDS: &'static [Command] = &[];
    }
    // Four queues, and each command that makes one says 0.
    a_command_that_does_not_say_which_queue_it_makes: {
        const COMMANDS: &'static [Command] = &[Command { words: [only(1), NO, NO, NO, NO, NO, NO], ..CREATE_COMPLETION }, CREATE_SUBMISSION, IDENTIFY, READ];
    }
}

const SELECTED: Queue = Queue {
    numbers: (0, 1),
    start: &[
        Step::Write(reg(0x44), number(1)),
        Step::Write(reg(0x20), low(0)),
        Step::Write(reg(0x24), high(0)),
    ],
    doorbell: Doorbell {
        index: (1, 0),
        ..BELL
    },
    ..ring(RING)
};

const SIZED: Queue = Queue {
    entries: (8, 16),
    start: &[
        ADDRESSES[0],
        ADDRESSES[1],
        Step::Write(reg(0x40), entries(1)),
        Step::Equal(reg(0x40), entries(1)),
    ],
    ..ring(RING)
};

/// The queues that the cases above begin with pass.
#[test]
fn what_the_cases_begin_with_is_good() {
    struct Good;
    impl Case for Good {
        const QUEUES: &'static [Queue] = &[
            Queue { ..SELECTED },
            Queue {
                numbers: (4, 5),
                ..SELECTED
            },
        ];
        const COMMANDS: &'static [Command] = &[];
    }
    lint::<Of<Good>>();
    struct Other;
    impl Case for Other {
        const QUEUES: &'static [Queue] = &[
            ADMIN,
            IO,
            Queue {
                numbers: (5, 5),
                start: &[
                    Step::Write(reg(0x60), low(0)),
                    Step::Write(reg(0x64), high(0)),
                ],
                ..ring(TO_HOST)
            },
        ];
    }
    lint::<Of<Other>>();
    struct Sized;
    impl Case for Sized {
        const QUEUES: &'static [Queue] = &[SIZED];
        const COMMANDS: &'static [Command] = &[];
    }
    lint::<Of<Sized>>();
}

/// The second reset's steps are a driver's too.
#[test]
fn a_rule_for_what_resets_a_device_that_was_silenced() {
    struct Bad;
    impl Table for Bad {
        const NAME: &'static str = "bad";
        const IDS: &'static [Id] = &[];
        const WINDOWS: &'static [Window] = &[Window::bar(0, 0x100)];
        const REGISTERS: &'static [&'static [Rule]] = &[&[word(0x1C).write(Write::Any)]];
        const IDLE: &'static [Check] = &[OFF];
        const RESET: &'static [Step] = &[Step::Write(reg(0x18), only(1))];
        const SILENT_RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1))];
        const QUEUES: &'static [Queue] = &[ring(RING)];
    }
    refused::<Bad>();
}
