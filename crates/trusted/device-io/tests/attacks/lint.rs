//! Each case is a table that has a mistake in one line, and the lint's message for this mistake.
#![forbid(unsafe_code)]

use samara_device_io::table::lint::lint;
use samara_device_io::table::step::{
    address, at, chosen, entries, high, last_entry, low, number, only,
};
use samara_device_io::table::{
    Bits, Check, Command, Data, Direction, Doorbell, Id, Learn, Limit, PairFormat, Queue,
    RingFormat, Rule, Rung, Step, Stride, Table, Width, Window, Write,
};
use samara_host_std as _;

use case::*;

#[path = "../fixtures/case.rs"]
#[allow(dead_code, reason = "shared with the lint's own cases")]
mod case;

macro_rules! bad {
    ($($name:ident: $message:literal { $($item:item)* })+) => { $(
        #[test]
        fn $name() {
            struct Bad;
            impl Case for Bad { $($item)* }
            assert_eq!(lint_message::<Of<Bad>>(), $message);
        }
    )+ };
}

const TO_HOST: RingFormat = RingFormat {
    direction: Direction::ToHost,
    bytes: (1024, 16 << 10),
    lengths: &[],
    ..RING
};
const SHORT: RingFormat = RingFormat {
    bytes: (1024, 1024),
    ..TO_HOST
};

/// Four queues, each with registers of its own.
const FOUR: Queue = Queue {
    numbers: (0, 3),
    start: &[
        Step::Write(at(0, 0x20, Width::W64).each(0x18), address(0)),
        Step::Write(at(0, 0x28, Width::W64).each(0x18), address(1)),
        Step::Write(at(0, 0x30, Width::W64).each(0x18), address(2)),
        Step::Write(reg(0x18), only(1)),
    ],
    ..split(SPLIT)
};

bad! {
    // Two windows of one BAR overlap. A rule of the second window lets drivers write a register that takes an address
    // in the first.
    windows_of_one_bar: "two windows in one place" {
        const WINDOWS: &'static [Window] = &[Window::bar(0, 0x100).up_to(0x200), Window::bar(0, 0x100)];
        const REGISTERS: &'static [Rule] = &[Rule::new(1, 0x20, Width::W64).write(Write::Any)];
    }
    // Drivers choose bits of values that the engine fills: a size, a queue's number.
    a_choice_over_the_size: "a driver chooses bits that the engine fills" {
        const QUEUES: &'static [Queue] = &[Queue {
            start: begin![Step::Write(reg(0x40), entries(1).chosen(0xFFFF))],
            ..ring(RING)
        }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_choice_over_the_buffers_size: "a driver chooses bits that the engine fills" {
        const QUEUES: &'static [Queue] = &[Queue {
            start: begin![Step::Write(reg(0x40), only(0).buffer(1024).chosen(0x1F))],
            ..ring(TO_HOST)
        }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_choice_over_constant_bits_of_a_command: "a driver chooses bits that the engine fills" {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, IDENTIFY, READ, Command {
            words: [NO, entries(1 << 16).number(1).chosen(0xFFFF_FFFF), NO, NO, NO, NO, NO],
            ..creates(0)
        }];
        const QUEUES: &'static [Queue] = &[ADMIN, IO];
    }
    // The device writes into buffers whose size it isn't told.
    buffers_of_a_size_that_no_step_tells: "the device is not told the size of buffers" {
        const QUEUES: &'static [Queue] = &[ring(TO_HOST)];
        const COMMANDS: &'static [Command] = &[];
    }
    // No step tells a queue's number of entries.
    a_queue_of_a_size_that_no_step_tells: "the device is not told the size of a queue" {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // The queue is enabled before its address is written.
    an_address_behind_the_last_step: "a start that ends with an address or a size" {
        const QUEUES: &'static [Queue] = &[ADMIN, IO, Queue { numbers: (5, 5), start: &[
            Step::Write(reg(0x18), only(1)),
            Step::Write(HEAD, NO), Step::Write(TAIL, NO),
            Step::Write(reg(0x60), low(0)), Step::Write(reg(0x64), high(0)),
        ], ..ring(RING) }];
    }
    // Idle tests that always hold.
    an_idle_test_of_no_bits: "a check of no register, of no bit, or of bits that its register does not have" {
        const IDLE: &'static [Check] = &[Check::new(reg(0x18), 0, 0)];
    }
    an_idle_test_of_no_registers: "a check of no register, of no bit, or of bits that its register does not have" {
        const IDLE: &'static [Check] = &[OFF.times(0, 4)];
    }
    // A reset that does nothing, of a device with queues.
    a_reset_of_no_steps: "a reset that writes nothing" {
        const RESET: &'static [Step] = &[];
    }
    a_reset_that_writes_nothing: "a reset that writes nothing" {
        const RESET: &'static [Step] = &[Step::Await(&[OFF], Limit::Millis(1))];
    }
    // A driver resets the device by itself.
    a_rule_for_what_resets: "a rule lets drivers do what a step of the reset does" {
        const REGISTERS: &'static [Rule] = &[word(0x1C).write(Write::Any)];
        const RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1))];
    }
    // A driver enables and disables a queue by itself: it may write the very bit of the idle test.
    a_rule_merges_what_a_start_writes: "a rule lets drivers do what a step of the reset does" {
        const REGISTERS: &'static [Rule] = &[word(0x18).write(Write::Merge(0xFFFF_FFFF))];
    }
    // A start updates a register that drivers write.
    a_rule_for_what_a_start_updates: "a rule lets drivers write a register that starts or stops a queue" {
        const REGISTERS: &'static [Rule] = &[word(0x40).write(Write::Any)];
        const QUEUES: &'static [Queue] = &[Queue { start: begin![Step::Update(reg(0x40), 0, 1)], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // All queues share one doorbell.
    one_doorbell_for_several_queues: "several queues share a register for values of their own" {
        const QUEUES: &'static [Queue] = &[Queue { doorbell: Doorbell { index: (0, 0), ..DOORBELL }, ..FOUR }];
        const COMMANDS: &'static [Command] = &[];
    }
    // All queues have their addresses in one register, which nothing selects.
    one_register_for_several_addresses: "several queues share a register for values of their own" {
        const QUEUES: &'static [Queue] = &[Queue { numbers: (0, 3), ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // Two kinds of queues have the same registers and numbers.
    two_kinds_for_one_queue: "two different values go into one register" {
        const QUEUES: &'static [Queue] = &[ring(RING), ring(SHORT)];
        const COMMANDS: &'static [Command] = &[];
    }
    // Two doorbells in one place: the tails of one kind go to the other kind's queues.
    two_kinds_with_one_doorbell: "two different values go into one register" {
        const QUEUES: &'static [Queue] = &[
            ring(RING),
            Queue { start: begin_at!([], reg(0x40), reg(0x44), []), ..ring(SHORT) },
        ];
        const COMMANDS: &'static [Command] = &[];
    }
    // A doorbell lies on an address.
    a_doorbell_over_an_address: "two different values go into one register" {
        const QUEUES: &'static [Queue] = &[Queue {
            doorbell: Doorbell { offset: 0x20, index: (0, 0), ..DOORBELL }, ..split(SPLIT)
        }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A stop that ends nothing.
    a_stop_that_writes_nothing: "a stop that writes nothing" {
        const QUEUES: &'static [Queue] = &[Queue { stop: &[Step::Sleep(1)], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A stop selects its queue in its first step. Before the next step, another thread may select another queue.
    a_stop_behind_a_register_that_selects: "a queue is selected outside its start" {
        const REGISTERS: &'static [Rule] = &[word(0x44).read().behind(0x40, Width::W32, 4)];
        const QUEUES: &'static [Queue] = &[Queue {
            numbers: (0, 3),
            stop: &[
                Step::Write(reg(0x40), only(0).number(1)),
                Step::Update(reg(0x48), 1, 0),
                Step::Await(&[Check::new(reg(0x48), 1, 0)], Limit::Millis(1)),
            ],
            ..ring(RING)
        }];
        const COMMANDS: &'static [Command] = &[];
    }
    // An address is written in a stop, or after the start.
    an_address_in_a_stop: "an address or a size outside a queue's start" {
        const QUEUES: &'static [Queue] = &[Queue { stop: &[Step::Write(at(0, 0x40, Width::W64), address(0))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A step adds a constant, or bits of the driver's choice, to an address. The engine would leave them out.
    an_address_and_more: "an address and something else" {
        const QUEUES: &'static [Queue] = &[Queue { start: &[
            Step::Write(reg(0x20), low(0).plus(1)), Step::Write(reg(0x24), high(0).chosen(1)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A command without a transfer has the operation code of a read, and a driver chooses all its words.
    the_opcode_of_a_transfer_without_one: "two commands of one operation code transfer different data" {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ,
            Command { queue: 1, opcode: READ.opcode, words: [chosen(0xFFFF_FFFF); 7], data: Data::None }];
    }
    // No command learns the unit in which a read counts.
    units_that_nothing_learns: "a command counts in units that no command learns" {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, CREATE_SUBMISSION, READ];
    }
    // Drivers write the register that gives a doorbell's distance.
    a_stride_that_drivers_write: "a rule lets drivers write what the engine checks" {
        const REGISTERS: &'static [Rule] = &[word(0x60).write(Write::Any)];
        const QUEUES: &'static [Queue] = &[Queue {
            doorbell: Doorbell { window: 0, offset: 0x80, width: Width::W32, index: (1, 0), stride: Stride::Shifted(reg(0x60), 0, 4), value: Rung::Position },
            ..split(SPLIT)
        }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A length field overlaps another field of the descriptor, so the device would see another length.
    lengths_that_overlap_each_other: "two parts of a format in one bit" {
        const QUEUES: &'static [Queue] = &[ring(RingFormat { lengths: &[0, 8], fixed: 0, ..RING })];
        const COMMANDS: &'static [Command] = &[];
    }
    fixed_bits_in_a_length: "two parts of a format in one bit" {
        const QUEUES: &'static [Queue] = &[ring(RingFormat { lengths: &[0], fixed: 0xFFFF, ..RING })];
        const COMMANDS: &'static [Command] = &[];
    }
    a_report_in_a_length: "two parts of a format in one bit" {
        const QUEUES: &'static [Queue] = &[ring(RingFormat { lengths: &[0], report: 1 << 12, ..RING })];
        const COMMANDS: &'static [Command] = &[];
    }
    a_driver_writes_what_ends_a_queue: "a rule lets drivers write a register that starts or stops a queue" {
        const REGISTERS: &'static [Rule] = &[word(0x40).write(Write::Any)];
        const QUEUES: &'static [Queue] = &[Queue { stop: &[Step::Update(reg(0x40), 1, 0), STOPPED], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_size_that_does_not_fit_its_register: "a value that is wider than its register" {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 4096), start: begin![Step::Write(at(0, 0x1C, Width::W8), entries(1))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_driver_chooses_bits_of_a_started_queue_s_size: "a driver chooses bits that the engine fills" {
        const QUEUES: &'static [Queue] = &[starts(&[
            Step::Write(PARTS[0], address(0)), Step::Write(PARTS[1], address(1)),
            Step::Write(reg(0x1C), last_entry(1).chosen(0xFFF)),
        ]), IO];
    }
    a_driver_chooses_a_queue_s_number: "a driver chooses bits that the engine fills" {
        const COMMANDS: &'static [Command] = &[
            Command { words: [NO, number(1).chosen(0xFFFF), NO, NO, NO, NO, NO], ..CREATE_COMPLETION },
            CREATE_SUBMISSION,
        ];
    }
    an_idle_test_that_never_holds: "a check that never holds" {
        const IDLE: &'static [Check] = &[Check::new(reg(0x18), 1, 2)];
    }
    a_shift_of_a_limit_past_its_register: "a limit of no bits, of more than 8, or of bits that its register does not have" {
        const RESET: &'static [Step] = &[Step::Await(&[OFF], Limit::Field(reg(0x1C), 64, 8, 1))];
    }
    a_shift_of_what_is_learned_past_its_byte: "an index uses bits that a byte does not have" {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, CREATE_SUBMISSION, Command { data: Data::Page(Some(&Learn { index: [(8, 0xF, 0), (5, 0b11, 4)], ..LEARN })), ..IDENTIFY }, READ];
    }
    a_step_that_writes_64_bits_of_32: "a value that is wider than its register" {
        const RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1 << 40))];
    }
    chosen_bits_that_no_register_has: "a value that is wider than its register" {
        const QUEUES: &'static [Queue] = &[starts(&[Step::Write(PARTS[0], address(0)), Step::Write(PARTS[1], address(1)), Step::Write(reg(0x18), chosen(1 << 40))]), IO];
    }
    // A later step of the same start, or a step after the start, overwrites an address that the device was told.
    an_address_that_a_later_step_writes_over: "a step overwrites what the device was told" {
        const QUEUES: &'static [Queue] = &[begins![Step::Write(reg(0x20), only(0x1000))]];
        const COMMANDS: &'static [Command] = &[];
    }
    an_address_of_which_a_later_step_changes_bits: "a step overwrites what the device was told" {
        const QUEUES: &'static [Queue] = &[begins![Step::Update(reg(0x24), 0, 1 << 20)]];
        const COMMANDS: &'static [Command] = &[];
    }
    an_address_that_drivers_choose_behind_the_engine: "a step overwrites what the device was told" {
        const QUEUES: &'static [Queue] = &[begins![Step::Write(reg(0x24), chosen(0xFFFF_FFFF))]];
        const COMMANDS: &'static [Command] = &[];
    }
    an_address_overwritten_after_the_start: "a step overwrites what the device was told" {
        const QUEUES: &'static [Queue] = &[Queue { ready: &[Step::Write(reg(0x20), only(0x1000))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    an_address_that_another_queue_writes_over: "two different values go into one register" {
        const QUEUES: &'static [Queue] = &[ADMIN, IO, Queue { numbers: (5, 5),
            start: begin_at!([], reg(0x60), reg(0x64), [Step::Write(reg(0x20), chosen(0xFFFF_FFFF))]), ..ring(RING) }];
    }
    // A later step overwrites a size that the engine has read back. Or a step after the start tells a size, which the
    // engine does not read back.
    a_size_that_a_later_step_writes_over: "a step overwrites what the device was told" {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), start: begin![Step::Write(reg(0x40), entries(1)), Step::Write(reg(0x40), only(0xFFFF))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_size_that_a_later_step_updates: "a step overwrites what the device was told" {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), start: begin![Step::Write(reg(0x40), entries(1)), Step::Update(reg(0x40), 0, 1 << 12)], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_size_that_drivers_choose_behind_the_engine: "a step overwrites what the device was told" {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), start: begin![Step::Write(reg(0x40), entries(1)), Step::Write(reg(0x40), chosen(0xFFFF))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_size_that_is_told_when_the_queue_is_ready: "an address or a size outside a queue's start" {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), start: begin![Step::Write(reg(0x40), entries(1))], ready: &[Step::Write(reg(0x40), entries(2))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // Two summands of a size share a bit: 8 entries are told as 16 + 8.
    a_size_and_something_else: "a size and something else in one bit" {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), start: begin![Step::Write(reg(0x40), entries(1).plus(16))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A size contains the length of the buffers. The lint takes that length for 0, because the device does not write.
    a_buffer_of_a_queue_that_only_reads: "a step tells a size of buffers that the device does not write" {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), start: begin![Step::Write(reg(0x40), entries(1).buffer(1))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A doorbell is too narrow for a position: 300 is told as 44, so the device executes all entries from 44 on
    // again.
    a_doorbell_that_is_narrower_than_positions: "a doorbell that is narrower than what it is told" {
        const QUEUES: &'static [Queue] = &[Queue { entries: (1024, 1024), doorbell: Doorbell { width: Width::W8, ..DOORBELL }, ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_head_doorbell_that_is_narrower_than_positions: "a doorbell that is narrower than what it is told" {
        const QUEUES: &'static [Queue] = &[Queue { entries: (1024, 1024), ..pair(&PairFormat { head_doorbell: Doorbell { width: Width::W8, offset: 0xC0, ..DOORBELL }, ..PAIR }) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // Only the doorbell tells the device how far a ring is filled. Here the device would take the queue's number for
    // that position.
    a_ring_whose_doorbell_is_told_a_number: "a doorbell does not tell the device how far a queue is filled" {
        const QUEUES: &'static [Queue] = &[Queue { numbers: (3, 3), doorbell: Doorbell { value: Rung::Number, ..DOORBELL }, ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_pair_whose_doorbell_is_told_a_number: "a doorbell does not tell the device how far a queue is filled" {
        const QUEUES: &'static [Queue] = &[ADMIN, Queue { doorbell: Doorbell { value: Rung::Number, ..DOORBELL }, ..IO }];
    }
    // Another queue's step rings the doorbell.
    a_step_that_writes_another_queues_doorbell: "two different values go into one register" {
        const QUEUES: &'static [Queue] = &[ADMIN, IO, Queue { numbers: (5, 5),
            start: begin_at!([], reg(0x60), reg(0x64), [Step::Write(reg(0x80), chosen(0xFF))]), ..ring(RING) }];
    }
    // The device isn't told how many bytes to read.
    lengths_that_no_field_tells: "the device is not told the size of buffers" {
        const QUEUES: &'static [Queue] = &[ring(RingFormat { bytes: (1, 1024), lengths: &[], ..RING })];
        const COMMANDS: &'static [Command] = &[];
    }
    // Two commands of one operation code have their counts in different words. In the second command a driver chooses
    // the bits in which the first one counts.
    one_operation_code_with_two_counts: "two commands of one operation code transfer different data" {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ,
            Command { words: [NO, NO, NO, chosen(0xFFFF), NO, NO, NO], ..reads(0, Bits::new(4, 0, 16)) }];
    }
    one_operation_code_with_two_keys: "two commands of one operation code transfer different data" {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ,
            Command { words: [chosen(0xFFFF_FFFF), NO, NO, NO, NO, NO, NO], ..reads(1, Bits::new(3, 0, 16)) }];
    }
    // All units of a table have the same type, so a unit that one command learned would be taken for a unit of the
    // other.
    two_things_to_learn: "two commands that learn a unit" {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ,
            Command { opcode: 9, ..learns(&Learn { selector: 30, table: (512, 4), ..LEARN }) }];
    }
    // Bits of a completion have two meanings.
    a_completion_whose_phase_is_in_its_tag: "two parts of a completion in one bit" {
        const QUEUES: &'static [Queue] = &[pair(&PairFormat { phase: Bits::new(3, 0, 1), ..PAIR })];
        const COMMANDS: &'static [Command] = &[];
    }
    a_completion_whose_number_is_in_its_tag: "two parts of a completion in one bit" {
        const QUEUES: &'static [Queue] = &[pair(&PairFormat { number: Bits::new(3, 0, 16), ..PAIR })];
        const COMMANDS: &'static [Command] = &[];
    }
    a_length_written_over_what_is_done: "two parts of a format in one bit" {
        const QUEUES: &'static [Queue] = &[ring(RingFormat { done: 1 << 63, written: 48, ..SHORT })];
        const COMMANDS: &'static [Command] = &[];
    }
    // A queue is selected by a driver's choice, or by a register that a later step overwrites. Or two kinds of queues
    // are selected by different registers.
    a_queue_that_drivers_select: "a driver chooses which queue is selected" {
        const QUEUES: &'static [Queue] = &[Queue { numbers: (0, 1), start: select!([Step::Write(reg(0x44), number(1).chosen(0xF0))], []), ..SELECTED }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_queue_that_is_selected_and_then_another: "a step overwrites what the device was told" {
        const QUEUES: &'static [Queue] = &[Queue { numbers: (0, 1), start: select!([Step::Write(reg(0x44), number(1)), Step::Write(reg(0x44), only(0))], []), ..SELECTED }];
        const COMMANDS: &'static [Command] = &[];
    }
    two_kinds_that_are_selected_by_two_registers: "two different values go into one register" {
        const QUEUES: &'static [Queue] = &[SELECTED, Queue { numbers: (2, 3), start: select!([Step::Write(reg(0x48), number(1))], []), ..SELECTED }];
        const COMMANDS: &'static [Command] = &[];
    }
    two_kinds_that_are_selected_by_one_value: "two different values go into one register" {
        const QUEUES: &'static [Queue] = &[Queue { numbers: (4, 5), ..SELECTED }, Queue { numbers: (2, 3), start: select!([Step::Write(reg(0x44), number(2))], []), ..SELECTED }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A stop accesses the queue that is selected at that time, and another thread may have selected a different
    // queue.
    a_stop_of_what_is_selected: "a step after a start accesses a register that an index selects" {
        const REGISTERS: &'static [Rule] = &[word(0x4C).read().behind(0x44, Width::W32, 2)];
        const QUEUES: &'static [Queue] = &[Queue { start: select!([Step::Write(reg(0x44), number(1))], [Step::Write(reg(0x48), only(1))]), stop: &[
            Step::Update(reg(0x48), 1, 0), Step::Await(&[Check::new(reg(0x48), 1, 0)], Limit::Millis(1)),
        ], ..SELECTED }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A driver may write a register in which the engine expects a value from the device.
    an_idle_test_of_what_drivers_write: "a rule lets drivers write what the engine checks" {
        const REGISTERS: &'static [Rule] = &[word(0x5C).write(Write::Any)];
        const IDLE: &'static [Check] = &[Check::new(reg(0x5C), 1, 0)];
    }
    a_stop_that_awaits_what_drivers_write: "a rule lets drivers write what the engine checks" {
        const REGISTERS: &'static [Rule] = &[word(0x5C).write(Write::Any)];
        const QUEUES: &'static [Queue] = &[Queue { stop: &[
            Step::Update(reg(0x48), 1, 0), Step::Await(&[Check::new(reg(0x5C), 1, 0)], Limit::Millis(1)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_reset_that_awaits_what_drivers_write: "a rule lets drivers write what the engine checks" {
        const REGISTERS: &'static [Rule] = &[word(0x5C).write(Write::Any)];
        const RESET: &'static [Step] = &[Step::Write(reg(0x18), only(1)), Step::Await(&[Check::new(reg(0x5C), 1, 0)], Limit::Millis(1))];
    }
    // The same bit, by a register of another width: 1 << 31 at 1Ch is 1 << 15 at 1Eh.
    a_rule_for_what_resets_in_another_width: "a rule lets drivers do what a step of the reset does" {
        const REGISTERS: &'static [Rule] = &[Rule::new(0, 0x1E, Width::W16).write(Write::Bits(0x8000))];
        const RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1 << 31))];
    }
    a_rule_that_merges_what_resets_in_another_width: "a rule lets drivers do what a step of the reset does" {
        const REGISTERS: &'static [Rule] = &[Rule::new(0, 0x1E, Width::W16).write(Write::Merge(0x8000))];
        const RESET: &'static [Step] = &[Step::Update(reg(0x1C), 0, 1 << 31)];
    }
    // Bits that a start writes as zero are the engine's, too. Otherwise a driver could turn on what the start turns
    // off.
    a_rule_merges_what_a_start_writes_as_zeroes: "a rule lets drivers write a register that starts or stops a queue" {
        const REGISTERS: &'static [Rule] = &[word(0x48).write(Write::Merge(0xFFFF_FFFF))];
        const QUEUES: &'static [Queue] = &[begins![Step::Write(reg(0x48), only(0))]];
        const COMMANDS: &'static [Command] = &[];
    }
    // A step without a queue would access only the register of queue 0.
    an_idle_test_of_each_queue: "a step without a queue uses a queue's register or value" {
        const IDLE: &'static [Check] = &[Check::new(reg(0x18).each(4), 1, 0)];
    }
    a_reset_of_each_queue: "a step without a queue uses a queue's register or value" {
        const RESET: &'static [Step] = &[Step::Update(reg(0x18).each(4), 1, 0)];
    }
    a_doorbell_that_each_queue_lists: "a step without a queue uses a queue's register or value" {
        const WINDOWS: &'static [Window] = &[Window::capability(1, 0x100).up_to(0x200)];
        const QUEUES: &'static [Queue] = &[Queue { doorbell: Doorbell { offset: 0xC0, stride: Stride::Listed(at(0, 0x10, Width::W16).each(2)), value: Rung::Number, ..DOORBELL }, ..FOUR }];
        const COMMANDS: &'static [Command] = &[];
    }
    // The device says where a doorbell is: it could give two queues the same place, and each tail would go to both.
    a_position_that_is_told_where_the_device_says: "a position goes to a doorbell whose place only the device knows" {
        const WINDOWS: &'static [Window] = &[Window::capability(1, 0x100).up_to(0x200)];
        const QUEUES: &'static [Queue] = &[Queue { doorbell: Doorbell { offset: 0xC0, stride: Stride::Listed(at(0, 0x10, Width::W16)), ..DOORBELL }, ..FOUR }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A driver chooses the index that selects a register. The index would be written where a size is told, where a
    // bit resets, or where a doorbell's place is read.
    an_index_where_a_size_is_told: "a driver's index lies where the engine writes or checks" {
        const REGISTERS: &'static [Rule] = &[word(0x4C).read().behind(0x40, Width::W32, 0x1_0000)];
        const QUEUES: &'static [Queue] = &[SIZED];
        const COMMANDS: &'static [Command] = &[];
    }
    an_index_where_a_bit_resets: "a driver's index lies where the engine writes or checks" {
        const REGISTERS: &'static [Rule] = &[word(0x4C).read().behind(0x1C, Width::W32, 2)];
        const RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1))];
    }
    an_index_where_a_stop_writes: "a driver's index lies where the engine writes or checks" {
        const REGISTERS: &'static [Rule] = &[word(0x4C).read().behind(0x48, Width::W32, 2)];
        const QUEUES: &'static [Queue] = &[Queue { stop: &[
            Step::Update(reg(0x48), 1, 0), STOPPED,
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    an_index_where_a_doorbells_place_is_read: "a driver's index lies where the engine writes or checks" {
        const REGISTERS: &'static [Rule] = &[word(0x4C).read().behind(0x60, Width::W32, 16)];
        const QUEUES: &'static [Queue] = &[Queue {
            doorbell: Doorbell { offset: 0xC0, stride: Stride::Shifted(reg(0x60), 0, 4), ..DOORBELL }, ..split(SPLIT)
        }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A driver may write a larger size than the queue has: a value in which all bits of the size are set, or one with
    // higher bits.
    a_rule_for_a_larger_size: "a rule lets drivers write a register that starts or stops a queue" {
        const REGISTERS: &'static [Rule] = &[word(0x40).write(Write::Values(&[0xFFFF]))];
        const QUEUES: &'static [Queue] = &[SIZED];
        const COMMANDS: &'static [Command] = &[];
    }
    a_rule_that_merges_higher_bits_of_a_size: "a rule lets drivers write a register that starts or stops a queue" {
        const REGISTERS: &'static [Rule] = &[word(0x40).write(Write::Merge(0xFF00))];
        const QUEUES: &'static [Queue] = &[SIZED];
        const COMMANDS: &'static [Command] = &[];
    }
    // The driver may write the bit that resets the device, alone or together with another bit.
    a_rule_that_merges_the_bit_that_resets: "a rule lets drivers do what a step of the reset does" {
        const REGISTERS: &'static [Rule] = &[word(0x1C).write(Write::Merge(1))];
        const RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1))];
    }
    a_rule_for_the_bit_that_resets_and_another: "a rule lets drivers do what a step of the reset does" {
        const REGISTERS: &'static [Rule] = &[word(0x1C).write(Write::Values(&[3]))];
        const RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1))];
    }
    // Drivers may write the register from which the engine reads the device's limit.
    a_limit_that_drivers_write: "a rule lets drivers write what the engine checks" {
        const REGISTERS: &'static [Rule] = &[word(0x5C).write(Write::Any)];
        const QUEUES: &'static [Queue] = &[begins![Step::AtLeast(reg(0x5C), entries(1))]];
        const COMMANDS: &'static [Command] = &[];
    }
    // The device says where a queue's number is written. That place may hold an address of the same window.
    a_number_that_is_told_over_an_address: "two different values go into one register" {
        const WINDOWS: &'static [Window] = &[Window::capability(1, 0x100).up_to(0x200)];
        const QUEUES: &'static [Queue] = &[Queue { numbers: (1, 1),
            doorbell: Doorbell { offset: 0x00, index: (0, 0), stride: Stride::Listed(at(0, 0x10, Width::W16)), value: Rung::Number, ..DOORBELL },
            ..split(SPLIT) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A driver may read a register that holds a bus address.
    a_rule_that_reads_an_address: "a rule lets drivers read an address" {
        const REGISTERS: &'static [Rule] = &[word(0x20).read()];
        const QUEUES: &'static [Queue] = &[ring(RING)];
        const COMMANDS: &'static [Command] = &[];
    }
    // One of the commands that make a queue writes a constant in place of the queue's number.
    a_command_that_does_not_say_which_queue_it_makes: "a command that doesn't say which of several queues it makes" {
        const COMMANDS: &'static [Command] = &[Command { words: [only(1), NO, NO, NO, NO, NO, NO], ..CREATE_COMPLETION }, CREATE_SUBMISSION, IDENTIFY, READ];
    }
}

/// The tables from which the cases above are made pass the lint.
#[test]
fn the_base_tables_of_the_cases_pass() {
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
                start: begin_at!([], reg(0x60), reg(0x64), []),
                ..ring(SHORT)
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
    struct Four;
    impl Case for Four {
        const QUEUES: &'static [Queue] = &[FOUR];
        const COMMANDS: &'static [Command] = &[];
    }
    lint::<Of<Four>>();
}

/// The table's rule lets drivers write what a step of `SILENT_RESET` writes.
#[test]
fn a_rule_for_a_step_of_the_silent_reset_is_refused() {
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
    assert_eq!(
        lint_message::<Bad>(),
        "a rule lets drivers do what a step of the reset does"
    );
}
