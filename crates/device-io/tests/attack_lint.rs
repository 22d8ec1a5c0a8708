//! Wrong tables, each a slip of one line: a test fails if the lint lets its table pass.
#![forbid(unsafe_code)]

use std::panic::catch_unwind;

use samara_device_io::table::lint::lint;
use samara_device_io::table::step::{
    address, at, chosen, entries, high, last_entry, low, number, only,
};
use samara_device_io::table::{
    Check, Command, Data, Direction, Doorbell, Learn, Limit, Queue, RingFormat, Rule, Rung, Step,
    Stride, Table, Width, Window, Write,
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

const TO_HOST: RingFormat = RingFormat {
    direction: Direction::ToHost,
    bytes: (1024, 16 << 10),
    lengths: &[],
    ..RING
};

bad! {
    // Two windows of one BAR: a rule in the second lists a register that takes an address by the first.
    windows_of_one_bar: {
        const WINDOWS: &'static [Window] = &[Window::bar(0, 0x100).up_to(0x200), Window::bar(0, 0x100)];
        const REGISTERS: &'static [Rule] = &[Rule::new(1, 0x20, Width::W64).write(Write::Any)];
    }
    // Drivers choose bits over what the engine knows: a size, a queue's number.
    a_choice_over_the_size: {
        const QUEUES: &'static [Queue] = &[Queue {
            start: &[
                Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)),
                Step::Write(reg(0x40), entries(1).chosen(0xFFFF)),
            ],
            ..ring(RING)
        }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_choice_over_the_buffers_size: {
        const QUEUES: &'static [Queue] = &[Queue {
            start: &[
                Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)),
                Step::Write(reg(0x40), only(0).buffer(1024).chosen(0x1F)),
            ],
            ..ring(TO_HOST)
        }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_choice_over_constant_bits_of_a_command: {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, IDENTIFY, READ, Command {
            words: [NO, entries(1 << 16).number(1).chosen(0xFFFF_FFFF), NO, NO, NO, NO, NO],
            ..creates(0)
        }];
        const QUEUES: &'static [Queue] = &[ADMIN, IO];
    }
    // The device writes into buffers of whose size it isn't told.
    buffers_of_a_size_that_no_step_tells: {
        const QUEUES: &'static [Queue] = &[ring(TO_HOST)];
        const COMMANDS: &'static [Command] = &[];
    }
    // A queue's number of entries is told by no step.
    a_queue_of_a_size_that_no_step_tells: {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 16), ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // Enabled before the address is there.
    an_address_behind_the_last_step: {
        const QUEUES: &'static [Queue] = &[ADMIN, IO, Queue { numbers: (5, 5), start: &[
            Step::Write(reg(0x18), only(1)),
            Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)),
        ], ..ring(RING) }];
    }
    // Idle tests that hold always.
    an_idle_test_of_no_bits: {
        const IDLE: &'static [Check] = &[Check::new(reg(0x18), 0, 0)];
    }
    an_idle_test_of_no_registers: {
        const IDLE: &'static [Check] = &[OFF.times(0, 4)];
    }
    // A reset that does nothing, of a device with queues.
    a_reset_of_no_steps: {
        const RESET: &'static [Step] = &[];
    }
    a_reset_that_writes_nothing: {
        const RESET: &'static [Step] = &[Step::Await(&[OFF], Limit::Millis(1))];
    }
    // A driver resets the device by itself.
    a_rule_for_what_resets: {
        const REGISTERS: &'static [Rule] = &[word(0x1C).write(Write::Any)];
        const RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1))];
    }
    // A driver enables and disables by itself what a start enables: the very bit of the idle test.
    a_rule_merges_what_a_start_writes: {
        const REGISTERS: &'static [Rule] = &[word(0x18).write(Write::Merge(0xFFFF_FFFF))];
    }
    // A start that updates a register which drivers write.
    a_rule_for_what_a_start_updates: {
        const REGISTERS: &'static [Rule] = &[word(0x40).write(Write::Any)];
        const QUEUES: &'static [Queue] = &[Queue { start: &[
            Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)),
            Step::Update(reg(0x40), 0, 1),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // All queues tell their positions to one register.
    one_doorbell_for_several_queues: {
        const QUEUES: &'static [Queue] = &[Queue { numbers: (0, 3), doorbell: Doorbell { index: (0, 0), ..BELL }, ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // All queues have their addresses in one register, which nothing selects.
    one_register_for_several_addresses: {
        const QUEUES: &'static [Queue] = &[Queue { numbers: (0, 3), ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // Two kinds of queues have the same registers and numbers.
    two_kinds_for_one_queue: {
        const QUEUES: &'static [Queue] = &[ring(RING), ring(TO_HOST)];
        const COMMANDS: &'static [Command] = &[];
    }
    // Two doorbells in one place: tails of one kind are told to another's queues.
    two_kinds_with_one_doorbell: {
        const QUEUES: &'static [Queue] = &[
            ring(RING),
            Queue { start: &[Step::Write(reg(0x40), low(0)), Step::Write(reg(0x44), high(0))], ..ring(TO_HOST) },
        ];
        const COMMANDS: &'static [Command] = &[];
    }
    // A doorbell where the address stands.
    a_doorbell_over_an_address: {
        const QUEUES: &'static [Queue] = &[Queue {
            doorbell: Doorbell { offset: 0x20, value: Rung::Position, ..BELL }, ..ring(RING)
        }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A stop that ends nothing.
    a_stop_that_writes_nothing: {
        const QUEUES: &'static [Queue] = &[Queue { stop: &[Step::Sleep(1)], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A stop that selects its queue first: between the two another thread may select another.
    a_stop_behind_a_register_that_selects: {
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
    // An address that is written in a stop, or after the start.
    an_address_in_a_stop: {
        const QUEUES: &'static [Queue] = &[Queue { stop: &[Step::Write(at(0, 0x40, Width::W64), address(0))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // What's added to an address is left out.
    an_address_and_more: {
        const QUEUES: &'static [Queue] = &[Queue { start: &[
            Step::Write(reg(0x20), low(0).plus(1)), Step::Write(reg(0x24), high(0).chosen(1)),
        ], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    // A command that is no transfer has a direction that a driver chooses: its operation code is that of a read.
    the_opcode_of_a_transfer_without_one: {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ,
            Command { queue: 1, opcode: READ.opcode, words: [chosen(0xFFFF_FFFF); 7], data: Data::None }];
    }
    // Two commands of one operation code, one of which counts.
    // No command learns the unit that another counts in.
    units_that_nothing_learns: {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, CREATE_SUBMISSION, READ];
    }
    // A doorbell whose distance is told by a register that drivers write.
    a_stride_that_drivers_write: {
        const REGISTERS: &'static [Rule] = &[word(0x60).write(Write::Any)];
        const QUEUES: &'static [Queue] = &[Queue {
            doorbell: Doorbell { window: 0, offset: 0x80, width: Width::W32, index: (1, 0), stride: Stride::Shifted(reg(0x60), 0, 4), value: Rung::Position },
            ..ring(RING)
        }];
        const COMMANDS: &'static [Command] = &[];
    }
    // Buffers that the unit does not divide: the device is told of more than there is? (Rounds down: none.)
    lengths_that_overlap_each_other: {
        const QUEUES: &'static [Queue] = &[ring(RingFormat { lengths: &[0, 8], fixed: 0, ..RING })];
        const COMMANDS: &'static [Command] = &[];
    }
    fixed_bits_in_a_length: {
        const QUEUES: &'static [Queue] = &[ring(RingFormat { lengths: &[0], fixed: 0xFFFF, ..RING })];
        const COMMANDS: &'static [Command] = &[];
    }
    a_report_in_a_length: {
        const QUEUES: &'static [Queue] = &[ring(RingFormat { lengths: &[0], report: 1 << 12, ..RING })];
        const COMMANDS: &'static [Command] = &[];
    }
    a_driver_writes_what_ends_a_queue: {
        const REGISTERS: &'static [Rule] = &[word(0x40).write(Write::Any)];
        const QUEUES: &'static [Queue] = &[Queue { stop: &[Step::Update(reg(0x40), 1, 0), Step::Await(&[Check::new(reg(0x40), 1, 0)], Limit::Millis(1))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_size_that_does_not_fit_its_register: {
        const QUEUES: &'static [Queue] = &[Queue { entries: (8, 4096), start: &[Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)), Step::Write(at(0, 0x1C, Width::W8), entries(1))], ..ring(RING) }];
        const COMMANDS: &'static [Command] = &[];
    }
    a_driver_chooses_bits_of_a_started_queue_s_size: {
        const QUEUES: &'static [Queue] = &[starts(&[
            Step::Write(PARTS[0], address(0)), Step::Write(PARTS[1], address(1)),
            Step::Write(reg(0x1C), last_entry(1).chosen(0xFFF)),
        ]), IO];
    }
    a_driver_chooses_a_queue_s_number: {
        const COMMANDS: &'static [Command] = &[
            Command { words: [NO, number(1).chosen(0xFFFF), NO, NO, NO, NO, NO], ..CREATE_COMPLETION },
            CREATE_SUBMISSION,
        ];
    }
    an_idle_test_that_never_holds: {
        const IDLE: &'static [Check] = &[Check::new(reg(0x18), 1, 2)];
    }
    a_shift_of_a_limit_past_its_register: {
        const RESET: &'static [Step] = &[Step::Await(&[OFF], Limit::Field(reg(0x1C), 64, 8, 1))];
    }
    a_shift_of_what_is_learned_past_its_byte: {
        const COMMANDS: &'static [Command] = &[CREATE_COMPLETION, CREATE_SUBMISSION, Command { data: Data::Page(Some(&Learn { index: [(8, 0xF, 0), (5, 0b11, 4)], ..LEARN })), ..IDENTIFY }, READ];
    }
    a_step_that_writes_64_bits_of_32: {
        const RESET: &'static [Step] = &[Step::Write(reg(0x1C), only(1 << 40))];
    }
    chosen_bits_that_no_register_has: {
        const QUEUES: &'static [Queue] = &[starts(&[Step::Write(PARTS[0], address(0)), Step::Write(PARTS[1], address(1)), Step::Write(reg(0x18), chosen(1 << 40))]), IO];
    }
}
