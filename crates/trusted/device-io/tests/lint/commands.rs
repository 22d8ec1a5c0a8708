//! Commands, and the units that the engine learns by them.

use super::*;

refused! {
    codes_of_two_commands: "two commands of one operation code transfer different data",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ, Command { opcode: READ.opcode, words: [chosen(0xFFFF_FFFF); 7], ..command(1, Data::None) }]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ, command(1, Data::Units(Direction::ToDevice, 0, Bits::new(3, 0, 16)))]; }

    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ, reads(0, Bits::new(4, 0, 16))]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ, reads(1, Bits::new(3, 0, 16))]; }
    { COMMANDS = &[CREATE_COMPLETION, Command { opcode: CREATE_COMPLETION.opcode, ..CREATE_SUBMISSION }]; }

    units_of_two_things: "two commands that learn a unit",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, Command { opcode: 9, ..IDENTIFY }]; }

    queues_that_are_not_named: "a command that doesn't say which of several queues it makes",
    { COMMANDS = &[CREATE_COMPLETION, Command { words: [NO; 7], ..CREATE_SUBMISSION }]; }

    units_without_a_size: "a command counts in units that no command learns",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, READ]; }

    a_command_of_no_queue: "a command of no queue",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, command(2, Data::None)]; }

    a_command_of_a_ring: "a command of a queue without commands",
    { QUEUES = &[ring(RING)]; COMMANDS = &[command(0, Data::None)]; }

    an_operation_code_that_does_not_fit: "an operation code that doesn't fit",
    { QUEUES = &[pair(&PairFormat { opcode: Bits::new(0, 0, 4), ..PAIR })]; COMMANDS = &[Command { opcode: 16, ..command(0, Data::None) }]; }

    an_address_in_a_word: "an address in a command's words",
    { QUEUES = &[ADMIN]; COMMANDS = &[Command { words: [low(0), NO, NO, NO, NO, NO, NO], ..command(0, Data::None) }]; }

    counts_past_the_words: "a count past the command's words",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, reads(0, Bits::new(7, 0, 16))]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, reads(0, Bits::new(3, 0, 17))]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, reads(0, Bits::new(3, 17, 16))]; }

    a_chosen_count: "the bits of a count are filled or chosen by something else",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, Command { words: [NO, NO, NO, only(1), NO, NO, NO], ..READ }]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, Command { words: [NO, NO, NO, chosen(1 << 15), NO, NO, NO], ..READ }]; }

    chosen_units: "the word of a unit's key is filled or chosen by something else",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, Command { words: [only(1), NO, NO, NO, NO, NO, NO], ..READ }]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, Command { words: [chosen(1), NO, NO, NO, NO, NO, NO], ..READ }]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, reads(3, Bits::new(3, 0, 16))]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, reads(7, Bits::new(3, 0, 16))]; }

    a_chosen_structure: "a driver chooses words besides the key of what is learned",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, READ, Command { words: [chosen(0xFFFF_FFFF), chosen(0xFF), NO, NO, NO, NO, NO], ..IDENTIFY }]; }

    units_of_another_key: "a command puts a unit's key into another word than the command that learned it",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, READ, Command { words: [NO, chosen(0xFFFF_FFFF), NO, NO, NO, NO, NO], ..learns(&BESIDE) }]; }

    queues_that_no_command_makes: "a command makes a queue that has steps of its own, or isn't a pair",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, Command { opcode: 9, ..command(0, Data::Queue(2, 0)) }]; }
    { QUEUES = &[ADMIN, IO, ring(RING)]; COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, Command { opcode: 9, ..command(0, Data::Queue(2, 1)) }]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, Command { opcode: 9, ..creates(2) }]; }
    { QUEUES = &[ADMIN, IO, starts(&[Step::Write(PARTS[0], address(0)), Step::Write(reg(0x18), only(1))])];
      COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, Command { opcode: 9, ..command(0, Data::Queue(2, 1)) }]; }

    learning_past_the_page: "a unit is learned from bytes outside the page",
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { key: 7, ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { selector: 4096, ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { last: 4096, ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { table: (4096 - 64 * 4 + 1, 4), ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { shift: 4, ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { zero: (0, 5), ..LEARN })]; }

    ranges_that_end_before_they_begin: "a range of bytes that ends before it begins",
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { zero: (2, 0), ..LEARN })]; }

    indexes_of_bits_in_one_place: "two parts of an index in one bit",
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { index: [(0, 0xF, 0), (5, 0b11, 3)], ..LEARN })]; }

    shifts_past_a_byte: "an index uses bits that a byte does not have",
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { index: [(8, 0xF, 0), (5, 0b11, 4)], ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { index: [(0, 0xF, 0), (5, 0b11, 9)], ..LEARN })]; }

    units_without_bounds: "units of 2 GiB or more",
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { shifts: (9, 32), ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { shifts: (10, 9), ..LEARN })]; }
}
