//! What the lint refuses: for each of its assertions, the smallest table that contradicts itself so.
#![forbid(unsafe_code)]

use samara_device_io::table::step::{
    address, at, chosen, entries, high, last_entry, low, number, only,
};
use samara_device_io::table::{
    Bits, Check, Command, Data, Direction, Doorbell, Learn, Limit, PairFormat, Piece, Queue,
    RingFormat, Rule, Rung, SplitFormat, Step, Stride, Width, Window, Write,
};
use samara_host_std as _;

use case::*;

#[path = "fixtures/case.rs"]
mod case;

/// Queues that have their addresses behind an index, and one doorbell, which is told their number.
const CHAINS: Queue = Queue {
    numbers: (0, 3),
    start: &[
        Step::Write(reg(0x44), number(1)),
        Step::Write(at(0, 0x20, Width::W64), address(0)),
        Step::Write(at(0, 0x28, Width::W64), address(1)),
        Step::Write(at(0, 0x30, Width::W64), address(2)),
        Step::Update(reg(0x48), 1, 2),
        Step::Update(reg(0x48), 2, 1),
    ],
    doorbell: Doorbell {
        value: Rung::Number,
        index: (0, 0),
        ..BELL
    },
    ..split(SPLIT)
};

macro_rules! constant {
    (WINDOWS, $value:expr) => {
        const WINDOWS: &'static [Window] = $value;
    };
    (REGISTERS, $value:expr) => {
        const REGISTERS: &'static [Rule] = $value;
    };
    (IDLE, $value:expr) => {
        const IDLE: &'static [Check] = $value;
    };
    (RESET, $value:expr) => {
        const RESET: &'static [Step] = $value;
    };
    (QUEUES, $value:expr) => {
        const QUEUES: &'static [Queue] = $value;
    };
    (COMMANDS, $value:expr) => {
        const COMMANDS: &'static [Command] = $value;
    };
}

/// Tests: name, what the lint says, and for each of several tables the constants that it changes.
macro_rules! refused {
    ($($name:ident: $message:literal, $({ $($constant:ident = $value:expr;)* })+)+) => { $(
        #[test]
        fn $name() {
            $({
                struct Bad;
                impl Case for Bad {
                    $(constant!($constant, $value);)*
                }
                let table = stringify!($($constant = $value;)*);
                assert_eq!(told::<Of<Bad>>(), $message, "{table}");
            })+
        }
    )+ };
}

refused! {
    good_tables: "",
    {}
    { QUEUES = &[ring(RING)]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { direction: Direction::ToHost, bytes: (2048, 2048), lengths: &[], ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[SIZED]; COMMANDS = &[]; }
    { QUEUES = &[split(SPLIT)]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { value: Rung::Number, ..BELL }, ..split(SPLIT) }];
      REGISTERS = &[word(0x80).write(Write::Any)]; COMMANDS = &[]; }
    { QUEUES = &[]; COMMANDS = &[]; REGISTERS = &[]; RESET = &[]; }
    // No queue that a driver could take away from under the engine.
    { QUEUES = &[]; COMMANDS = &[]; REGISTERS = &[word(0x18).write(Write::Any)]; }
    // Other bits than those that are changed when a queue is started, and values that leave these as they are.
    { REGISTERS = &[word(0x48).write(Write::Merge(0x30))]; QUEUES = &[begins![Step::Update(reg(0x48), 0xF, 1)]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x48).write(Write::Values(&[0x01, 0x31])).once_started()]; QUEUES = &[begins![Step::Update(reg(0x48), 0xF, 1)]]; COMMANDS = &[]; }
    // Values by which no check holds, and no reset is done.
    { REGISTERS = &[word(0x5C).write(Write::Nonzero(3)), word(0x60).write(Write::Values(&[1, 3]))];
      IDLE = &[Check::new(reg(0x5C), 3, 0), Check::new(reg(0x60), 1, 0)]; RESET = &[Step::Write(reg(0x5C), NO), Step::Update(reg(0x60), 1, 0)]; }
    // What drivers agree to, and what they may do before a reset.
    { REGISTERS = &[word(0x5C).write(Write::Bits(3))]; QUEUES = &[begins![Step::Require(Check::new(reg(0x5C).shared(), 1, 1))]]; COMMANDS = &[];
      RESET = &[Step::Update(reg(0x5C).shared(), 2, 0), Step::Write(reg(0x18), only(1))]; }
    // A bit that all queues need.
    { QUEUES = &[begins![Step::Update(reg(0x48), 0, 1)], Queue { numbers: (2, 2), start: begin_at!([Step::Update(reg(0x48), 0, 1)], reg(0x60), reg(0x64), [Step::Update(reg(0x48), 0, 3)]), ..ring(RING) }]; COMMANDS = &[]; }
    // Queues whose number is told before their addresses, which have one place.
    { QUEUES = &[SELECTED, Queue { numbers: (2, 5), ..SELECTED }]; COMMANDS = &[]; }
    { QUEUES = &[CHAINS, Queue { numbers: (4, 5), ..CHAINS }]; COMMANDS = &[]; }
    // A register of each queue is not behind the index.
    { QUEUES = &[Queue { start: select!([Step::Write(reg(0x44), number(1))], [Step::Update(reg(0x60).each(4), 0, 1)]), stop: &[Step::Update(reg(0x60).each(4), 1, 0)], ..SELECTED }]; COMMANDS = &[];
      IDLE = &[Check::new(reg(0x60), 1, 0).times(2, 4)]; }
    // A bit that a stop clears, beside those that a driver chose.
    { QUEUES = &[Queue { start: begin![Step::Write(reg(0x48), chosen(0xF0).plus(1))], stop: &[Step::Update(reg(0x48), 1, 0)], ..ring(RING) }]; COMMANDS = &[]; }
    // A register that is behind another one.
    { REGISTERS = &[word(0x04).write(Write::Masks(&[1, 2])).behind(0x14, Width::W32, 2)]; }
    // An index that a start writes as well.
    { REGISTERS = &[word(0x48).read().behind(0x44, Width::W32, 2)];
      QUEUES = &[Queue { start: select!([Step::Write(reg(0x44), number(1))], [Step::Write(reg(0x48), only(1))]), ..SELECTED }]; COMMANDS = &[]; }

    no_window: "a table has 1 to 6 windows",
    { WINDOWS = &[]; }
    { WINDOWS = &[Window::bar(0, 0x100); 7]; }

    an_empty_window: "an empty window",
    { WINDOWS = &[Window::bar(0, 0x100), Window::bar(1, 0)]; }

    a_window_beyond_its_most: "a window longer than its most",
    { WINDOWS = &[Window::bar(0, 0x100).up_to(0xFF)]; }

    an_odd_alignment: "a window at a multiple of something else than 1, 2, 4 or 8 bytes",
    { WINDOWS = &[Window::bar(0, 0x100).aligned_to(3)]; }
    { WINDOWS = &[Window::bar(0, 0x100).aligned_to(0)]; }
    { WINDOWS = &[Window::bar(0, 0x100).aligned_to(16)]; }

    windows_in_one_place: "two windows in one place",
    // The rule of one is for an address of the other.
    { WINDOWS = &[Window::bar(0, 0x100).up_to(0x200), Window::bar(0, 0x100)];
      REGISTERS = &[Rule::new(1, 0x20, Width::W32).write(Write::Any)]; }
    { WINDOWS = &[Window::bar(0, 0x100), Window::capability(2, 4), Window::capability(2, 8)]; }

    misaligned_registers: "a misaligned register",
    { REGISTERS = &[word(0x02).read()]; }
    { REGISTERS = &[word(0x00).read().times(2, 6)]; }

    a_register_in_no_window: "a rule of no window",
    { REGISTERS = &[Rule::new(1, 0, Width::W32).read()]; }

    a_register_wider_than_its_window_is_aligned: "a register that is wider than its window is aligned",
    { WINDOWS = &[Window::bar(0, 0x100).aligned_to(2)]; }

    registers_outside_their_window: "a register outside its window",
    { REGISTERS = &[word(0x200).read()]; }
    { REGISTERS = &[word(0x1FC).read().times(2, 4)]; }
    { REGISTERS = &[word(0).read().times(0, 4)]; }
    { REGISTERS = &[word(0).read().times(usize::MAX, usize::MAX - 3)]; }
    { REGISTERS = &[word(usize::MAX - 3).read()]; }

    a_listed_selector: "a rule for a register that selects, or an array behind one",
    { REGISTERS = &[word(0x04).read().behind(0x00, Width::W32, 2), word(0x00).write(Write::Any)]; }
    { REGISTERS = &[word(0x04).read().behind(0x02, Width::W16, 2), word(0x00).read()]; }
    { REGISTERS = &[word(0x04).read().behind(0x00, Width::W32, 2).times(2, 4)]; }

    indexes_wider_than_their_register: "more indexes than the register that selects has values",
    { REGISTERS = &[word(0x04).read().behind(0x00, Width::W8, 257)]; }
    { REGISTERS = &[word(0x04).read().behind(0x00, Width::W16, 65_537)]; }
    { REGISTERS = &[word(0x04).read().behind(0x00, Width::W8, 0)]; }

    indexes_without_a_mask: "an index without a mask",
    { REGISTERS = &[word(0x04).write(Write::Masks(&[1, 2])).behind(0x00, Width::W32, 3)]; }
    { REGISTERS = &[word(0x04).write(Write::Masks(&[1, 2]))]; }

    overlapping_rules: "two rules for one register",
    { REGISTERS = &[word(0x04).read(), word(0x04).write(Write::Any)]; }
    { REGISTERS = &[word(0x04).read(), Rule::new(0, 0x06, Width::W8).read()]; }
    { REGISTERS = &[Rule::new(0, 0x06, Width::W8).read(), word(0x04).read()]; }
    { REGISTERS = &[word(0x00).read().times(4, 16), word(0x0C).read().times(4, 12)]; }
    { REGISTERS = &[word(0x30).read(), word(0x00).read().times(4, 16)]; }

    steps_in_no_window: "a step in no window",
    { RESET = &[Step::Write(at(1, 0, Width::W32), NO)]; }
    { IDLE = &[Check::new(at(1, 0, Width::W32), 1, 0)]; }
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Listed(at(1, 0, Width::W16)), ..BELL }, ..ADMIN }]; COMMANDS = &[]; }

    steps_wider_than_their_window_is_aligned: "a step at a register that is wider than its window is aligned",
    { WINDOWS = &[Window::bar(0, 0x100).aligned_to(4)]; REGISTERS = &[]; }

    misaligned_steps: "a step at a misaligned register",
    { RESET = &[Step::Update(reg(0x19), 0, 1)]; }
    { QUEUES = &[begins![Step::Write(reg(0x48).each(6), NO)]]; COMMANDS = &[]; }
    { IDLE = &[OFF.times(2, 6)]; }

    steps_outside_their_window: "a step outside its window",
    { RESET = &[Step::Require(Check::new(reg(0x100), 1, 0))]; }
    { RESET = &[Step::Await(&[OFF, Check::new(reg(0x100), 1, 0)], Limit::Millis(1))]; }
    { RESET = &[Step::Settle(&[OFF, Check::new(reg(0x100), 1, 0)], Limit::Millis(1))]; }
    { RESET = &[Step::Await(&[OFF], Limit::Field(reg(0x100), 0, 8, 1))]; }
    { RESET = &[Step::AtLeast(reg(0x100), NO)]; }
    { RESET = &[Step::Update(reg(usize::MAX - 3), 0, 1)]; }
    { IDLE = &[OFF.times(usize::MAX, 4)]; }
    // That of the last queue.
    { QUEUES = &[ADMIN, Queue { ready: &[Step::Write(reg(0x40).each(0x40), NO)], ..IO }]; }
    { QUEUES = &[ADMIN, Queue { stop: &[Step::Update(reg(0x40).each(0x40), 0, 1)], ..IO }]; }
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x100), 0, 4), ..BELL }, ..ADMIN }]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { head: reg(0x100), ..RING })]; COMMANDS = &[]; }

    no_idle_test: "a table without an idle test",
    { IDLE = &[]; }

    a_comparison_with_an_address: "a comparison with an address",
    { RESET = &[Step::AtLeast(reg(0x18), low(0))]; }

    odd_limits: "a limit of no bits, of more than 8, or of bits that its register hasn't",
    { RESET = &[Step::Await(&[OFF], Limit::Field(reg(0x18), 0, 9, 1))]; }
    { RESET = &[Step::Await(&[OFF], Limit::Field(reg(0x18), 0, 0, 1))]; }
    { RESET = &[Step::Settle(&[OFF], Limit::Field(reg(0x18), 25, 8, 1))]; }
    { RESET = &[Step::Await(&[OFF], Limit::Field(reg(0x18), 64, 8, 1))]; }

    checks_of_nothing: "a check of no register, no bit, or bits that its register hasn't",
    { IDLE = &[Check::new(reg(0x18), 0, 0)]; }
    { IDLE = &[OFF.times(0, 4)]; }
    { RESET = &[Step::Require(Check::new(reg(0x18), 1 << 32, 0))]; }

    checks_that_never_hold: "a check that never holds",
    { IDLE = &[Check::new(reg(0x18), 1, 2)]; }
    { RESET = &[Step::Await(&[OFF, Check::new(reg(0x18), 0b10, 0b11)], Limit::Millis(1))]; }

    wide_values: "a value that is wider than its register",
    { RESET = &[Step::Write(reg(0x18), only(1 << 32))]; }
    { RESET = &[Step::Update(reg(0x18), 1 << 32, 0)]; }
    { RESET = &[Step::AtLeast(reg(0x18), only(1 << 32))]; }
    { RESET = &[Step::Write(reg(0x18), chosen(1 << 40))]; }
    // 256 entries would be none there; and a number of a queue, and of a buffer, of which the carry has no bit.
    { QUEUES = &[Queue { entries: (8, 256), start: begin![Step::Write(at(0, 0x40, Width::W8), entries(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[ADMIN, Queue { ready: &[Step::Write(at(0, 0x40, Width::W8), number(0x40))], ..IO }]; }
    { QUEUES = &[Queue { ready: &[Step::Write(at(0, 0x40, Width::W8), only(0xFF).buffer(1024))],
        ..ring(RingFormat { direction: Direction::ToHost, bytes: (1024, 2048), lengths: &[], ..RING }) }]; COMMANDS = &[]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[Command { words: [chosen(1 << 32), NO, NO, NO, NO, NO, NO], ..command(0, Data::None) }]; }

    chosen_bits_of_the_engines: "a driver chooses bits that the engine fills",
    { COMMANDS = &[CREATE_COMPLETION, Command { words: [NO, last_entry(1 << 16).number(1).chosen(0xFFFF_0000), NO, NO, NO, NO, NO], ..CREATE_SUBMISSION }]; }
    { COMMANDS = &[CREATE_COMPLETION, Command { words: [NO, number(1).chosen(0b100), NO, NO, NO, NO, NO], ..CREATE_SUBMISSION }]; }
    { QUEUES = &[Queue { ready: &[Step::Write(reg(0x40), last_entry(1).chosen(0xFFF))], ..ADMIN }, IO]; }
    { QUEUES = &[Queue { ready: &[Step::Write(reg(0x40), only(1).chosen(0xF))], ..ADMIN }, IO]; }
    // What two parts carry into.
    { QUEUES = &[Queue { numbers: (0, 3), ready: &[Step::Write(reg(0x40), number(1).plus(3).chosen(0b100))], ..split(SPLIT) }]; COMMANDS = &[]; }

    an_address_behind_a_start: "an address or a size outside a queue's start",
    { QUEUES = &[Queue { ready: &[Step::Write(reg(0x40), entries(1))], ..SIZED }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { ready: &[Step::Write(reg(0x40), only(0).buffer(1024))], ..ring(RingFormat { direction: Direction::ToHost, bytes: (1024, 2048), lengths: &[], ..RING }) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { stop: &[Step::Write(at(0, 0x40, Width::W64), address(0))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { ready: &[Step::Write(reg(0x40), high(0))], ..ring(RING) }]; COMMANDS = &[]; }

    an_address_in_a_reset: "an address where there's no queue",
    { RESET = &[Step::Write(reg(0x18), low(0))]; }

    what_only_queues_have: "a register or a value of each queue where there is none",
    { RESET = &[Step::Write(reg(0x18), last_entry(1))]; }
    { RESET = &[Step::AtLeast(reg(0x18), number(1))]; }
    { RESET = &[Step::Write(reg(0x18).each(4), NO)]; }
    { RESET = &[Step::Await(&[OFF], Limit::Field(reg(0x18).each(4), 0, 8, 1))]; }
    { IDLE = &[Check::new(reg(0x18).each(4), 1, 0)]; }
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60).each(4), 0, 4), ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }

    sums_that_carry: "a size and something else in one bit",
    { QUEUES = &[begins![Step::Write(reg(0x40), entries(1).plus(16))]]; COMMANDS = &[]; }
    { QUEUES = &[begins![Step::AtLeast(reg(0x40), last_entry(1).number(1).plus(3))]]; COMMANDS = &[]; }
    { QUEUES = &[Queue { start: begin![Step::Write(reg(0x40), only(1).buffer(1024))],
        ..ring(RingFormat { direction: Direction::ToHost, bytes: (1024, 2048), lengths: &[], ..RING }) }]; COMMANDS = &[]; }

    buffers_that_are_only_read: "a size of buffers that the device doesn't write",
    { QUEUES = &[begins![Step::Write(reg(0x40), only(0).buffer(1024))]]; COMMANDS = &[]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[Command { words: [only(0).buffer(1), NO, NO, NO, NO, NO, NO], ..command(0, Data::None) }]; }

    an_address_of_no_part: "an address of no part",
    { QUEUES = &[starts(&[Step::Write(PARTS[0], address(2))])]; COMMANDS = &[]; }

    an_address_and_more: "an address and something else",
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0).plus(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0).chosen(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0).number(1))], ..ring(RING) }]; COMMANDS = &[]; }

    resets_of_nothing: "a reset that writes nothing",
    { RESET = &[]; }
    { RESET = &[Step::Await(&[OFF], Limit::Millis(1))]; }

    resets_by_drivers: "a rule lets drivers do what a step of the reset does",
    { REGISTERS = &[word(0x18).write(Write::Any)]; }
    { REGISTERS = &[word(0x18).write(Write::Bits(1))]; }
    { REGISTERS = &[word(0x18).write(Write::Nonzero(0b11))]; }
    { REGISTERS = &[word(0x18).write(Write::Values(&[2, 1]))]; }
    { REGISTERS = &[word(0x18).write(Write::Merge(0xFFFF_FFFF))]; }
    { REGISTERS = &[word(0x18).write(Write::Merge(1))]; }
    // The same byte in another register.
    { REGISTERS = &[Rule::new(0, 0x1A, Width::W8).write(Write::Bits(1))]; RESET = &[Step::Update(reg(0x18), 0, 1 << 16)]; }
    { REGISTERS = &[word(0x18).write(Write::Bits(0b11))]; RESET = &[Step::Update(reg(0x18), 2, 1)]; }
    { REGISTERS = &[word(0x18).write(Write::Nonzero(0b11))]; RESET = &[Step::Write(reg(0x18), only(0)), Step::Update(reg(0x18), 1, 0)]; }

    stops_of_nothing: "a stop that writes nothing",
    { QUEUES = &[Queue { stop: &[Step::Sleep(1)], ..ring(RING) }]; COMMANDS = &[]; }

    queues_that_a_stop_selects: "a queue is selected outside its start",
    { QUEUES = &[Queue { stop: &[Step::Write(reg(0x40), number(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { ready: &[Step::Write(reg(0x40), number(1))], ..ring(RING) }]; COMMANDS = &[]; }

    sizes_that_are_not_told: "a queue of whose size the device isn't told",
    { QUEUES = &[Queue { entries: (8, 16), ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[ADMIN, Queue { entries: (2, 16), ..IO }]; }

    buffers_that_are_not_told: "buffers of whose size the device isn't told",
    { QUEUES = &[ring(RingFormat { direction: Direction::ToHost, bytes: (1024, 2048), lengths: &[], ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { lengths: &[], ..RING })]; COMMANDS = &[]; }

    rings_that_go_on: "a start that leaves a device where it stood in a ring",
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)), Step::Write(reg(0x18), only(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)), Step::Write(HEAD, NO), Step::Write(reg(0x18), only(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)), Step::Write(TAIL, NO), Step::Write(reg(0x18), only(1))], ..ring(RING) }]; COMMANDS = &[]; }
    // Said when the queue is enabled, or of something else.
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)), Step::Write(TAIL, NO), Step::Write(HEAD, NO)], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)), Step::Write(TAIL, NO), Step::Write(HEAD, only(1)), Step::Write(reg(0x18), only(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { head: reg(0xD4).each(4), ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { index: (2, 1), ..BELL }, ..ring(RING) }]; COMMANDS = &[]; }

    rings_that_the_device_places: "a ring whose doorbell stands where the device says",
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 0, 4), ..BELL }, ..ring(RING) }]; COMMANDS = &[]; }

    narrow_doorbells: "a doorbell that is narrower than what it is told",
    { QUEUES = &[Queue { entries: (512, 512), doorbell: Doorbell { width: Width::W8, ..BELL }, ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { width: Width::W8, ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { numbers: (0, 256), doorbell: Doorbell { width: Width::W8, value: Rung::Number, index: (0, 0), ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }

    doorbells_without_positions: "a doorbell that tells a device nothing of how far a queue is filled",
    { QUEUES = &[Queue { doorbell: Doorbell { value: Rung::Number, ..BELL }, ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { head_doorbell: Doorbell { value: Rung::Number, ..PAIR.head_doorbell }, ..PAIR })]; COMMANDS = &[]; }

    positions_that_are_told_anywhere: "a position that is told wherever the device says",
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Listed(at(0, 0x60, Width::W16)), ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }

    addresses_of_another_width: "a register of another width than its address",
    { QUEUES = &[starts(&[Step::Write(reg(0x20), address(0))])]; COMMANDS = &[]; }
    { QUEUES = &[starts(&[Step::Write(PARTS[0], low(0))])]; COMMANDS = &[]; }
    { QUEUES = &[starts(&[Step::Write(at(0, 0x20, Width::W16), low(0))])]; COMMANDS = &[]; }

    unguarded_registers: "a rule lets drivers write a register that starts or stops a queue",
    { REGISTERS = &[word(0x20).write(Write::Any)]; }
    { REGISTERS = &[Rule::new(0, 0x27, Width::W8).write(Write::Bits(1))]; }
    { REGISTERS = &[word(0x24).write(Write::Any).times(4, 16)]; QUEUES = &[Queue { numbers: (0, 1), ..ADMIN }]; COMMANDS = &[]; }
    // The upper half of an address, and bits of one.
    { REGISTERS = &[word(0x24).write(Write::Nonzero(1))]; }
    { REGISTERS = &[word(0x24).write(Write::Merge(1))]; }
    // What enables a queue, or says how long it is; zeroes too; values that come before it, or that are others.
    { REGISTERS = &[word(0x48).write(Write::Bits(2))]; QUEUES = &[begins![Step::Write(reg(0x48), only(1))]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x48).write(Write::Merge(2))]; QUEUES = &[begins![Step::Write(reg(0x48), only(1))]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x48).write(Write::Values(&[1]))]; QUEUES = &[begins![Step::Write(reg(0x48), only(1))]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x48).write(Write::Values(&[1, 3])).once_started()]; QUEUES = &[begins![Step::Write(reg(0x48), only(1))]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x40).write(Write::Merge(1 << 20))]; QUEUES = &[SIZED]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x40).write(Write::Values(&[0])).once_started()]; QUEUES = &[SIZED]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x24).write(Write::Values(&[0])).once_started()]; }
    { REGISTERS = &[word(0xD0).write(Write::Any)]; QUEUES = &[ring(RING)]; COMMANDS = &[]; }
    // Of another queue than the first.
    { REGISTERS = &[word(0x30).write(Write::Any)]; QUEUES = &[Queue { numbers: (0, 1), ..ADMIN }]; COMMANDS = &[]; }
    // What a start updates, what ends a queue, and what comes after a start.
    { REGISTERS = &[word(0x40).write(Write::Any)];
      QUEUES = &[starts(&[Step::Write(PARTS[0], address(0)), Step::Write(PARTS[1], address(1)), Step::Update(reg(0x40), 0, 1)]), IO]; }
    { REGISTERS = &[word(0x40).write(Write::Merge(1))];
      QUEUES = &[Queue { stop: &[Step::Update(reg(0x40), 1, 0)], ..ring(RING) }]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x40).write(Write::Bits(1))];
      QUEUES = &[Queue { ready: &[Step::Write(reg(0x40), only(2))], ..ring(RING) }]; COMMANDS = &[]; }

    indexes_of_drivers: "an index of a driver's where the engine writes or looks",
    { REGISTERS = &[word(0x00).read().behind(0x24, Width::W32, 16)]; }
    { REGISTERS = &[word(0x00).read().behind(0x80, Width::W32, 16)]; }
    { REGISTERS = &[word(0x00).read().behind(0x18, Width::W32, 16)]; }
    { REGISTERS = &[word(0x00).read().behind(0x60, Width::W32, 16)];
      QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 0, 4), ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    // Of another width than that of the start.
    { REGISTERS = &[word(0x00).read().behind(0x44, Width::W16, 16)]; QUEUES = &[SELECTED]; COMMANDS = &[]; }

    steps_behind_an_index: "a step at a register that an index selects, which no step before it has written",
    { REGISTERS = &[word(0x18).read().behind(0x1C, Width::W32, 1)]; }
    { REGISTERS = &[word(0x40).read().behind(0x44, Width::W32, 1)]; QUEUES = &[SIZED]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x48).write(Write::Masks(&[1])).behind(0x00, Width::W32, 1)]; QUEUES = &[begins![Step::Write(reg(0x48), only(1))]]; COMMANDS = &[]; }

    registers_that_drivers_do_not_share: "a register that is shared with drivers, which no rule lets them write",
    { RESET = &[Step::Write(reg(0x18).shared(), only(1))]; }
    { REGISTERS = &[word(0x5C).write(Write::Merge(2))]; QUEUES = &[begins![Step::Require(Check::new(reg(0x5C).shared(), 1, 1))]]; COMMANDS = &[]; }

    what_drivers_say: "a rule lets drivers write what the engine looks at",
    { REGISTERS = &[word(0x5C).write(Write::Bits(1))]; IDLE = &[Check::new(reg(0x5C), 1, 0)]; }
    { REGISTERS = &[word(0x5C).write(Write::Merge(1))]; IDLE = &[Check::new(reg(0x5C), 3, 3)]; }
    { REGISTERS = &[word(0x5C).write(Write::Nonzero(3))]; IDLE = &[Check::new(reg(0x5C), 1, 0)]; }
    { REGISTERS = &[word(0x5C).write(Write::Merge(0x100))]; IDLE = &[Check::new(at(0, 0x5D, Width::W8), 1, 1)]; }
    { REGISTERS = &[word(0x60).write(Write::Any)]; QUEUES = &[Queue { ready: &[Step::Require(Check::new(reg(0x50).each(4), 1, 1).times(2, 0x10))], ..ring(RING) }]; COMMANDS = &[]; }
    { REGISTERS = &[Rule::new(0, 0x5D, Width::W8).write(Write::Values(&[1]))]; IDLE = &[Check::new(reg(0x5C), 0x100, 0x100)]; }
    { REGISTERS = &[word(0x5C).write(Write::Any)]; IDLE = &[OFF, Check::new(reg(0x50), 1, 0).times(4, 4)]; }
    { REGISTERS = &[word(0x5C).write(Write::Any)]; RESET = &[Step::Write(reg(0x18), only(1)), Step::Await(&[OFF], Limit::Field(reg(0x5C), 0, 8, 1))]; }
    { REGISTERS = &[word(0x5C).write(Write::Bits(1))]; QUEUES = &[begins![Step::Require(Check::new(reg(0x5C), 1, 1))]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x5C).write(Write::Bits(1))]; QUEUES = &[begins![Step::AtLeast(reg(0x5C).shared(), only(1))]]; COMMANDS = &[]; }
    // To share is nothing for an idle test.
    { REGISTERS = &[word(0x5C).write(Write::Bits(1))]; IDLE = &[Check::new(reg(0x5C).shared(), 1, 1)]; }
    { REGISTERS = &[word(0x60).write(Write::Any)];
      QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 0, 4), ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x60).write(Write::Bits(1))];
      QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Listed(at(0, 0x62, Width::W16)), value: Rung::Number, ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }

    addresses_that_drivers_read: "a rule lets drivers read an address",
    { REGISTERS = &[word(0x20).read()]; }
    { REGISTERS = &[Rule::new(0, 0x2F, Width::W8).read()]; }

    accesses_without_an_index: "a register that an index selects, written or looked at without one",
    { QUEUES = &[SELECTED]; COMMANDS = &[]; IDLE = &[Check::new(reg(0x54), 1, 0)]; }
    { QUEUES = &[SELECTED]; COMMANDS = &[]; RESET = &[Step::Update(reg(0x54), 1, 0)]; }
    { QUEUES = &[SELECTED, Queue { numbers: (2, 2), start: begin_at!([], reg(0x60), reg(0x64), [], 0x54), ..ring(RING) }]; COMMANDS = &[]; }

    queues_selected_twice: "a start that selects two queues",
    { QUEUES = &[Queue { start: select!([Step::Write(reg(0x44), number(1)), Step::Write(reg(0x48), number(1))], []), ..SELECTED }]; COMMANDS = &[]; }

    queues_that_drivers_select: "a driver chooses which queue is selected",
    { QUEUES = &[Queue { start: select!([Step::Write(reg(0x44), number(1).chosen(0xF0))], []), ..SELECTED }]; COMMANDS = &[]; }

    steps_at_what_is_selected: "a step behind a start at a register that an index selects",
    { QUEUES = &[Queue { stop: &[Step::Update(reg(0x48), 1, 0)], ..SELECTED }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { ready: &[Step::Await(&[Check::new(reg(0x48), 1, 0)], Limit::Millis(1))], ..SELECTED }]; COMMANDS = &[]; }

    more_than_any_device_does: "a table with more than 256 steps and checks",
    { RESET = &[Step::Update(reg(0x18), 0, 1); 300]; }

    starts_that_end_with_what_they_tell: "a start that ends with an address or a size",
    { QUEUES = &[starts(&[Step::Write(PARTS[0], address(0)), Step::Write(PARTS[1], address(1))])]; COMMANDS = &[]; }

    no_number: "a queue of no number",
    { QUEUES = &[Queue { numbers: (1, 0), ..ADMIN }]; COMMANDS = &[]; }

    wrong_numbers_of_entries: "a queue of fewer than 2 or more than 32768 entries",
    { QUEUES = &[Queue { entries: (1, 16), ..ADMIN }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { entries: (16, 2), ..ADMIN }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { entries: (2, 32_769), ..ADMIN }]; COMMANDS = &[]; }

    waits_in_a_start: "a wait among the steps that start a queue",
    { QUEUES = &[starts(&[Step::Await(&[OFF], Limit::Millis(1))])]; COMMANDS = &[]; }
    { QUEUES = &[starts(&[Step::Settle(&[OFF], Limit::Millis(1))])]; COMMANDS = &[]; }
    { QUEUES = &[starts(&[Step::Sleep(1)])]; COMMANDS = &[]; }

    odd_rings: "a ring whose entries are no power of two from 8 on",
    { QUEUES = &[Queue { entries: (4, 16), ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { entries: (8, 20), ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { entries: (12, 16), ..ring(RING) }]; COMMANDS = &[]; }

    odd_buffers: "buffers of no bytes, or of more than 16 bits count",
    { QUEUES = &[ring(RingFormat { bytes: (0, 1), ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { bytes: (2, 1), ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { bytes: (1, 0x1_0000), ..RING })]; COMMANDS = &[]; }

    lengths_past_the_descriptor: "a length past the descriptor",
    { QUEUES = &[ring(RingFormat { lengths: &[0, 49], ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { written: 49, ..RING })]; COMMANDS = &[]; }

    done_from_the_start: "descriptors that look done from the start",
    { QUEUES = &[ring(RingFormat { done: 0, ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { done: 1 << 16, ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { done: 1 << 15, ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { report: 1 << 63, ..RING })]; COMMANDS = &[]; }

    bits_filled_twice: "two parts of a format in one bit",
    // A length of 1 KiB more than the buffer has.
    { QUEUES = &[ring(RingFormat { fixed: 1 << 10, ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { report: 1 << 10, ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { report: 1 << 16, ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { lengths: &[0, 8], fixed: 0, ..RING })]; COMMANDS = &[]; }

    // What the device has written, over that it has.
    { QUEUES = &[ring(RingFormat { direction: Direction::ToHost, bytes: (64, 64), lengths: &[], written: 48, ..RING })]; COMMANDS = &[]; }

    odd_virtqueues: "pieces of more than 16 bytes, or entries that are no power of two",
    { QUEUES = &[split(SplitFormat { head: Piece { bytes: 17, ..SPLIT.head }, ..SPLIT })]; COMMANDS = &[]; }
    { QUEUES = &[split(SplitFormat { tail: Piece { bytes: 17, ..SPLIT.tail }, ..SPLIT })]; COMMANDS = &[]; }
    { QUEUES = &[Queue { entries: (4, 20), ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { entries: (3, 16), ..split(SPLIT) }]; COMMANDS = &[]; }

    words_filled_twice: "two parts of a format in one word",
    { QUEUES = &[pair(&PairFormat { words: [1, 1, 11, 12, 13, 14, 15], ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { words: [0, 10, 11, 12, 13, 14, 15], ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { words: [1, 10, 11, 12, 13, 14, 16], ..PAIR })]; COMMANDS = &[]; }
    // A driver's word in the upper half of a data pointer.
    { QUEUES = &[pair(&PairFormat { words: [7, 10, 11, 12, 13, 14, 15], ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { pointers: [6, 6], ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { pointers: [0, 8], ..PAIR })]; COMMANDS = &[]; }

    a_misaligned_pointer: "a misaligned data pointer",
    { QUEUES = &[pair(&PairFormat { pointers: [5, 8], ..PAIR })]; COMMANDS = &[]; }

    bits_past_their_word: "bits past their word",
    { QUEUES = &[pair(&PairFormat { opcode: Bits::new(0, 25, 8), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { opcode: Bits::new(0, 0, 0), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { tag: Bits::new(0, 17, 16), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { phase: Bits::new(4, 16, 1), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { done_tag: Bits::new(4, 0, 16), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { status: Bits::new(3, 18, 15), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { number: Bits::new(2, 0, 33), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { head: Bits::new(9, 0, 16), ..PAIR })]; COMMANDS = &[]; }

    odd_tags: "a tag that isn't 16 bits wide, or a phase that isn't one",
    { QUEUES = &[pair(&PairFormat { tag: Bits::new(0, 16, 15), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { done_tag: Bits::new(3, 0, 15), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { phase: Bits::new(3, 16, 2), ..PAIR })]; COMMANDS = &[]; }

    a_tag_in_the_operation_code: "a tag in the operation code",
    { QUEUES = &[pair(&PairFormat { tag: Bits::new(0, 7, 16), ..PAIR })]; COMMANDS = &[]; }

    completions_that_say_two_things: "two parts of a completion in one bit",
    { QUEUES = &[pair(&PairFormat { phase: Bits::new(3, 15, 1), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { status: Bits::new(3, 16, 15), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { number: Bits::new(2, 15, 16), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { result: 2, ..PAIR })]; COMMANDS = &[]; }

    a_result_past_the_completion: "a result past the completion",
    { QUEUES = &[pair(&PairFormat { result: 4, ..PAIR })]; COMMANDS = &[]; }

    odd_pages: "pages of fewer than 512 or more than 4096 bytes",
    { QUEUES = &[pair(&PairFormat { page: 256, ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { page: 8192, ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { page: 4095, ..PAIR })]; COMMANDS = &[]; }

    odd_lists: "lists that do not divide a page",
    { QUEUES = &[pair(&PairFormat { list: 48, ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { list: 1, ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { list: 1024, ..PAIR })]; COMMANDS = &[]; }

    untold_parts: "a part of a queue's memory of which the device isn't told",
    { QUEUES = &[starts(&[Step::Write(PARTS[0], address(0))])]; COMMANDS = &[]; }
    { COMMANDS = &[CREATE_COMPLETION]; }
    // Half of it, or twice.
    { QUEUES = &[Queue { start: begin_at!([], reg(0x20), reg(0x24), [Step::Write(reg(0x28), low(0))]), ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[starts(&[Step::Write(PARTS[0], address(0)), Step::Write(reg(0x28), low(1))])]; COMMANDS = &[]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, CREATE_SUBMISSION]; }

    registers_of_several_queues: "one register for what is told of several queues",
    { QUEUES = &[Queue { numbers: (0, 3), ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[ADMIN, Queue { doorbell: Doorbell { index: (0, 9), ..BELL }, ..IO }]; }
    { QUEUES = &[ADMIN, Queue { doorbell: Doorbell { offset: 0xC0, index: (0, 0), stride: Stride::Shifted(reg(0), 0, 4), ..BELL }, ..IO }]; }
    // A size that each queue has another of; a head that all have.
    { QUEUES = &[Queue { numbers: (0, 1), entries: (4, 16), start: &[Step::Write(PARTS[0], address(0)), Step::Write(PARTS[1], address(1)), Step::Write(reg(0x48), entries(1)), Step::Write(reg(0x18), only(1))], ..ADMIN }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { numbers: (0, 1), start: &[Step::Write(reg(0x20).each(8), low(0)), Step::Write(reg(0x24).each(8), high(0)), Step::Write(TAIL, NO), Step::Write(reg(0xD0), NO), Step::Write(reg(0x18), only(1))],
        ..ring(RingFormat { head: reg(0xD0), ..RING }) }]; COMMANDS = &[]; }

    steps_over_what_is_told: "a step writes over what the device was told",
    { QUEUES = &[starts(&[Step::Write(PARTS[0], address(0)), Step::Write(at(0, 0x20, Width::W64), address(1)), Step::Write(reg(0x18), only(1))]), IO]; }
    { QUEUES = &[begins![Step::Update(at(0, 0x27, Width::W8), 0, 1)]]; COMMANDS = &[]; }
    { QUEUES = &[Queue { stop: &[Step::Update(reg(0x40), 0, 1 << 20)], ..SIZED }]; COMMANDS = &[]; }
    { QUEUES = &[begins![Step::Write(reg(0x48), chosen(0xF0)), Step::Update(reg(0x48), 0x10, 0)]]; COMMANDS = &[]; }
    { QUEUES = &[begins![Step::Write(HEAD, NO), Step::Write(HEAD, only(1))]]; COMMANDS = &[]; }

    resets_over_what_is_told: "a step of a reset writes over what the device was told",
    { RESET = &[Step::Write(reg(0x24), NO), Step::Write(reg(0x18), only(1))]; }
    { RESET = &[Step::Update(reg(0x80), 0, 1), Step::Write(reg(0x18), only(1))]; }

    registers_for_two_things: "one register for two things that are told",
    // Two kinds of one number; and two parts.
    { QUEUES = &[SELECTED, SELECTED]; COMMANDS = &[]; }
    { QUEUES = &[split(SPLIT), Queue { doorbell: Doorbell { offset: 0xC0, ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[CHAINS, Queue { numbers: (3, 4), ..CHAINS }]; COMMANDS = &[]; }
    // Selected by other registers, or by other values.
    { QUEUES = &[SELECTED, Queue { numbers: (2, 3), start: select!([Step::Write(reg(0x48), number(1))], []), ..SELECTED }]; COMMANDS = &[]; }
    { QUEUES = &[SELECTED, Queue { numbers: (2, 3), start: select!([Step::Write(reg(0x44), number(2))], []), ..SELECTED }]; COMMANDS = &[]; }
    // A bit that one queue sets and another one clears.
    { QUEUES = &[begins![Step::Update(reg(0x48), 0, 1)], Queue { numbers: (1, 1), start: begin_at!([], reg(0x60), reg(0x64), [Step::Update(reg(0x48), 1, 0)]), ..ring(RING) }]; COMMANDS = &[]; }
    // A doorbell on an address, on another one, and somewhere behind it; told something else by a step; not alike another one.
    { QUEUES = &[Queue { doorbell: Doorbell { offset: 0x20, index: (0, 0), ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[begins![Step::Write(TAIL, only(1))]]; COMMANDS = &[]; }
    { QUEUES = &[Queue { ready: &[Step::Write(TAIL, NO)], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { offset: 0xC0, stride: Stride::Shifted(reg(0), 0, 4), ..BELL }, ..split(SPLIT) },
        Queue { numbers: (1, 1), start: &[Step::Write(at(0, 0x40, Width::W64), address(0)), Step::Write(at(0, 0x48, Width::W64), address(1)), Step::Write(at(0, 0x50, Width::W64), address(2)), Step::Write(reg(0x18), only(1))],
            doorbell: Doorbell { offset: 0xC4, stride: Stride::Shifted(reg(0), 0, 4), ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[ADMIN, Queue { numbers: (1, 2), doorbell: Doorbell { offset: 0xC0, stride: Stride::Shifted(reg(0), 0, 4), ..BELL },
        ..pair(&PairFormat { head_doorbell: Doorbell { offset: 0xC0, index: (2, 1), stride: Stride::Shifted(reg(0), 0, 8), ..BELL }, ..PAIR }) }]; COMMANDS = &[]; }
    { QUEUES = &[ADMIN, Queue { numbers: (0, 4), ..IO }]; }
    { QUEUES = &[pair(&PairFormat { head_doorbell: BELL, ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { offset: 0x1C, stride: Stride::Shifted(reg(0), 0, 4), ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0), 0, 4), ..BELL }, ..pair(&PairFormat { head_doorbell: Doorbell { stride: Stride::Shifted(reg(0), 0, 4), ..BELL }, ..PAIR }) }]; COMMANDS = &[]; }

    a_doorbell_in_no_window: "a doorbell in no window",
    { QUEUES = &[Queue { doorbell: Doorbell { window: 1, ..BELL }, ..ADMIN }]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { head_doorbell: Doorbell { window: 1, ..BELL }, ..PAIR })]; COMMANDS = &[]; }

    a_misaligned_doorbell: "a misaligned doorbell",
    { QUEUES = &[Queue { doorbell: Doorbell { offset: 0x82, ..BELL }, ..ADMIN }]; COMMANDS = &[]; }

    unguarded_doorbells: "a rule lets drivers write a doorbell",
    { REGISTERS = &[word(0x80).write(Write::Any)]; }
    { REGISTERS = &[word(0x84).write(Write::Merge(1))]; }
    // Of the last queue; of one that stands nobody knows where.
    { REGISTERS = &[word(0xA4).write(Write::Any)]; }
    { REGISTERS = &[word(0xF0).write(Write::Any)];
      QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0), 0, 4), ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }

    odd_distances: "a distance of doorbells of bits that its register hasn't",
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 29, 4), ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 0, 0x1_0001), ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }

    two_distances: "two registers that say how far doorbells are apart",
    { QUEUES = &[ADMIN, Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 0, 4), ..BELL }, ..IO },
                 Queue { numbers: (5, 5), doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 4, 4), ..BELL }, ..split(SPLIT) }]; COMMANDS = &[]; }

    codes_of_two_commands: "two commands of one operation code that transfer different things",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ, Command { opcode: READ.opcode, words: [chosen(0xFFFF_FFFF); 7], ..command(1, Data::None) }]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ, command(1, Data::Units(Direction::ToDevice, 0, Bits::new(3, 0, 16)))]; }

    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ, reads(0, Bits::new(4, 0, 16))]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, READ, reads(1, Bits::new(3, 0, 16))]; }
    { COMMANDS = &[CREATE_COMPLETION, Command { opcode: CREATE_COMPLETION.opcode, ..CREATE_SUBMISSION }]; }

    units_of_two_things: "two commands that learn a unit",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, Command { opcode: 9, ..IDENTIFY }]; }

    queues_that_are_not_named: "a command that doesn't say which of several queues it makes",
    { COMMANDS = &[CREATE_COMPLETION, Command { words: [NO; 7], ..CREATE_SUBMISSION }]; }

    units_without_a_size: "units that no command learns",
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

    a_chosen_count: "something else chooses how much is transferred",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, Command { words: [NO, NO, NO, only(1), NO, NO, NO], ..READ }]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, Command { words: [NO, NO, NO, chosen(1 << 15), NO, NO, NO], ..READ }]; }

    chosen_units: "something else chooses whose unit it is",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, Command { words: [only(1), NO, NO, NO, NO, NO, NO], ..READ }]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, Command { words: [chosen(1), NO, NO, NO, NO, NO, NO], ..READ }]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, reads(3, Bits::new(3, 0, 16))]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, IDENTIFY, reads(7, Bits::new(3, 0, 16))]; }

    queues_that_no_command_makes: "a command makes a queue that has steps of its own, or isn't a pair",
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, Command { opcode: 9, ..command(0, Data::Queue(2, 0)) }]; }
    { QUEUES = &[ADMIN, IO, ring(RING)]; COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, Command { opcode: 9, ..command(0, Data::Queue(2, 1)) }]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, Command { opcode: 9, ..creates(2) }]; }
    { QUEUES = &[ADMIN, IO, starts(&[Step::Write(PARTS[0], address(0)), Step::Write(reg(0x18), only(1))])];
      COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, Command { opcode: 9, ..command(0, Data::Queue(2, 1)) }]; }

    learning_past_the_page: "learning past the page",
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { key: 7, ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { selector: 4096, ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { last: 4096, ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { table: (4096 - 64 * 4 + 1, 4), ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { shift: 4, ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { zero: (0, 5), ..LEARN })]; }

    shifts_past_a_byte: "an index of bits that a byte hasn't",
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { index: [(8, 0xF, 0), (5, 0b11, 4)], ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { index: [(0, 0xF, 0), (5, 0b11, 9)], ..LEARN })]; }

    units_without_bounds: "units of 2 GiB or more",
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { shifts: (9, 32), ..LEARN })]; }
    { QUEUES = &[ADMIN]; COMMANDS = &[learns(&Learn { shifts: (10, 9), ..LEARN })]; }
}

/// A new assertion has a table that it refuses.
#[test]
fn every_assertion_has_a_case() {
    let messages = |source: &'static str| {
        let code = source
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        code.flat_map(|line| line.split('"').skip(1).step_by(2))
    };
    let cases: Vec<_> = messages(include_str!("lint.rs")).collect();
    let mut count = 0;
    for source in [
        include_str!("../src/table/lint/mod.rs"),
        include_str!("../src/table/lint/accesses.rs"),
        include_str!("../src/table/lint/owners.rs"),
        include_str!("../src/table/lint/rules.rs"),
        include_str!("../src/table/lint/steps.rs"),
        include_str!("../src/table/lint/queues.rs"),
        include_str!("../src/table/lint/formats.rs"),
        include_str!("../src/table/lint/commands.rs"),
    ] {
        for message in messages(source) {
            assert!(cases.contains(&message), "no case for: {message}");
            count += 1;
        }
    }
    assert!(count > 50, "only {count} were found");
}
