//! Cases of the lint: for each of its assertions, the smallest tables that it refuses.
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

#[path = "../fixtures/case.rs"]
mod case;

/// Virtqueues whose address registers an index selects. They share one doorbell, which takes a queue's number.
const CHAINS: Queue = Queue {
    numbers: (0, 3),
    start: &[
        AGREED,
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
        ..DOORBELL
    },
    ..split(SPLIT)
};

/// Four rings, each enabled in a register of its own.
const FOUR: Queue = Queue {
    numbers: (0, 3),
    start: &[
        Step::Write(reg(0x20).each(8), low(0)),
        Step::Write(reg(0x24).each(8), high(0)),
        Step::Write(HEAD, NO),
        Step::Write(TAIL, NO),
        Step::Update(reg(0xE0).each(4), 0xF, 1),
    ],
    ..ring(RING)
};

/// The command gives its key in the second word instead of the first.
const BESIDE: Learn = Learn { key: 1, ..LEARN };

/// Completions have only two bits for the queue's number.
const NARROW: PairFormat = PairFormat {
    number: Bits::new(2, 16, 2),
    ..PAIR
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

/// Makes a test of each name: the lint must give the message for each of the tables. A table is written as the
/// constants in which it differs from the valid one.
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
                assert_eq!(lint_message::<Of<Bad>>(), $message, "{table}");
            })+
        }
    )+ };
}
mod commands;
mod complete;
mod formats;
mod queues;
mod registers;
mod starts;

refused! {
    good_tables: "",
    {}
    { QUEUES = &[ring(RING)]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { direction: Direction::ToHost, bytes: (2048, 2048), lengths: &[], ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[SIZED]; COMMANDS = &[]; }
    { QUEUES = &[split(SPLIT)]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { value: Rung::Number, ..DOORBELL }, ..split(SPLIT) }];
      REGISTERS = &[word(0x80).write(Write::Any)]; COMMANDS = &[]; }
    { QUEUES = &[]; COMMANDS = &[]; REGISTERS = &[]; RESET = &[]; }
    // Without queues, a driver may do the steps of the reset.
    { QUEUES = &[]; COMMANDS = &[]; REGISTERS = &[word(0x18).write(Write::Any)]; }
    // Drivers change only bits that a start of a queue does not change.
    { REGISTERS = &[word(0x48).write(Write::Exchange(&[(1, 0x31), (0x31, 0x31)]))]; QUEUES = &[begins![Step::Update(reg(0x48), 0xF, 1)]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x48).write(Write::Merge(0x30))]; QUEUES = &[begins![Step::Update(reg(0x48), 0xF, 1)]]; COMMANDS = &[]; }
    // No value that drivers may write makes an idle check hold or does a step of the reset.
    { REGISTERS = &[word(0x5C).write(Write::Nonzero(3)), word(0x60).write(Write::Values(&[1, 3]))];
      IDLE = &[OFF, Check::new(reg(0x5C), 3, 0), Check::new(reg(0x60), 1, 0)]; RESET = &[Step::Write(reg(0x5C), NO), Step::Update(reg(0x60), 1, 0)]; }
    // Steps share a register with drivers: a driver sets one of its bits to agree to a start, and the reset clears
    // another bit.
    { REGISTERS = &[word(0x5C).write(Write::Bits(3))]; QUEUES = &[begins![Step::Require(Check::new(reg(0x5C).shared(), 1, 1))]]; COMMANDS = &[];
      RESET = &[Step::Update(reg(0x5C).shared(), 2, 0), Step::Write(reg(0x18), only(1))]; }
    // Two kinds of queues set the same bit.
    { QUEUES = &[begins![Step::Update(reg(0x48), 0, 1)], Queue { numbers: (2, 2), start: begin_at!([Step::Update(reg(0x48), 0, 1)], reg(0x60), reg(0x64), [Step::Update(reg(0x48), 0, 3)]), ..ring(RING) }]; COMMANDS = &[]; }
    // Each start writes the queue's number first. The number selects the registers for the queue's addresses.
    { QUEUES = &[SELECTED, Queue { numbers: (2, 5), ..SELECTED }]; COMMANDS = &[]; }
    { QUEUES = &[CHAINS, Queue { numbers: (4, 5), ..CHAINS }]; COMMANDS = &[]; }
    // Each queue also has a register of its own, which the index does not select, so a stop may use it.
    { QUEUES = &[Queue { start: select!([Step::Write(reg(0x44), number(1))], [Step::Update(reg(0x60).each(4), 0, 1)]), stop: &[Step::Update(reg(0x60).each(4), 1, 0), Step::Require(Check::new(reg(0x60).each(4), 1, 0))], ..SELECTED }]; COMMANDS = &[]; }
    // A stop clears one bit of a register in which the driver chose other bits.
    { QUEUES = &[Queue { start: begin![Step::Write(reg(0x48), chosen(0xF0).plus(1))], stop: &[Step::Update(reg(0x48), 1, 0), STOPPED], ..ring(RING) }]; COMMANDS = &[]; }
    // The first stop writes a register that the start did not write. The second one awaits that a bit is clear which
    // the start has set.
    { QUEUES = &[Queue { stop: &[Step::Write(reg(0x5C), only(1)), STOPPED], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { stop: &[Step::Update(reg(0x18), 1, 0), Step::Await(&[OFF], Limit::Millis(1)), Step::Sleep(1)], ..ring(RING) }]; COMMANDS = &[]; }
    // The idle test checks all queues that a start enables.
    { IDLE = &[Check::new(reg(0xE0), 1, 0).times(4, 4)]; QUEUES = &[FOUR]; COMMANDS = &[]; }
    // A rule's register is selected by an index register.
    { REGISTERS = &[word(0x04).write(Write::Masks(&[1, 2])).behind(0x14, Width::W32, 2)]; }
    // Both the drivers and a start write the index.
    { REGISTERS = &[word(0x48).read().behind(0x44, Width::W32, 2)];
      QUEUES = &[Queue { start: select!([Step::Write(reg(0x44), number(1))], [Step::Write(reg(0x48), only(1))]), ..SELECTED }]; COMMANDS = &[]; }
}
