//! Windows, rules for registers, and steps.

use super::*;

refused! {
    no_window: "a table has 1 to 6 windows",
    { WINDOWS = &[]; }
    { WINDOWS = &[Window::bar(0, 0x100); 7]; }

    an_empty_window: "an empty window",
    { WINDOWS = &[Window::bar(0, 0x100), Window::bar(1, 0)]; }

    a_window_beyond_its_most: "a window is longer than the most that is mapped of it",
    { WINDOWS = &[Window::bar(0, 0x100).up_to(0xFF)]; }

    an_odd_alignment: "a window's alignment is not 1, 2, 4 or 8 bytes",
    { WINDOWS = &[Window::bar(0, 0x100).aligned_to(3)]; }
    { WINDOWS = &[Window::bar(0, 0x100).aligned_to(0)]; }
    { WINDOWS = &[Window::bar(0, 0x100).aligned_to(16)]; }

    windows_in_one_place: "two windows in one place",
    // A rule of one window lets drivers write a register that takes an address in the other window.
    { WINDOWS = &[Window::bar(0, 0x100).up_to(0x200), Window::bar(0, 0x100)];
      REGISTERS = &[Rule::new(1, 0x20, Width::W32).write(Write::Any)]; }
    { WINDOWS = &[Window::bar(0, 0x100), Window::capability(2, 4), Window::capability(2, 8)]; }

    misaligned_registers: "a misaligned register",
    { REGISTERS = &[word(0x02).read()]; }
    { REGISTERS = &[word(0x00).read().times(2, 6)]; }

    a_register_in_no_window: "a rule of no window",
    { REGISTERS = &[Rule::new(1, 0, Width::W32).read()]; }

    a_register_wider_than_its_window_is_aligned: "a register is wider than its window's alignment",
    { WINDOWS = &[Window::bar(0, 0x100).aligned_to(2)]; }

    registers_outside_their_window: "a register outside its window",
    { REGISTERS = &[word(0x200).read()]; }
    { REGISTERS = &[word(0x1FC).read().times(2, 4)]; }
    { REGISTERS = &[word(0).read().times(0, 4)]; }
    { REGISTERS = &[word(0).read().times(usize::MAX, usize::MAX - 3)]; }
    { REGISTERS = &[word(usize::MAX - 3).read()]; }

    a_listed_selector: "a rule lists an index register, or an array behind one",
    { REGISTERS = &[word(0x04).read().behind(0x00, Width::W32, 2), word(0x00).write(Write::Any)]; }
    { REGISTERS = &[word(0x04).read().behind(0x02, Width::W16, 2), word(0x00).read()]; }
    { REGISTERS = &[word(0x04).read().behind(0x00, Width::W32, 2).times(2, 4)]; }

    indexes_wider_than_their_register: "an index register is too narrow for its number of indexes",
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
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Listed(at(1, 0, Width::W16)), ..DOORBELL }, ..ADMIN }]; COMMANDS = &[]; }

    steps_wider_than_their_window_is_aligned: "a step accesses a register wider than its window's alignment",
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
    // The register of the last queue lies outside the window.
    { QUEUES = &[ADMIN, Queue { ready: &[Step::Write(reg(0x40).each(0x40), NO)], ..IO }]; }
    { QUEUES = &[ADMIN, Queue { stop: &[Step::Update(reg(0x40).each(0x40), 0, 1)], ..IO }]; }
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x100), 0, 4), ..DOORBELL }, ..ADMIN }]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { head: reg(0x100), ..RING })]; COMMANDS = &[]; }

    no_idle_test: "a table without an idle test",
    { IDLE = &[]; }

    a_comparison_with_an_address: "a comparison with an address",
    { RESET = &[Step::AtLeast(reg(0x18), low(0))]; }

    odd_limits: "a limit of no bits, of more than 8, or of bits that its register does not have",
    { RESET = &[Step::Await(&[OFF], Limit::Field(reg(0x18), 0, 9, 1))]; }
    { RESET = &[Step::Await(&[OFF], Limit::Field(reg(0x18), 0, 0, 1))]; }
    { RESET = &[Step::Settle(&[OFF], Limit::Field(reg(0x18), 25, 8, 1))]; }
    { RESET = &[Step::Await(&[OFF], Limit::Field(reg(0x18), 64, 8, 1))]; }

    checks_of_nothing: "a check of no register, of no bit, or of bits that its register does not have",
    { IDLE = &[Check::new(reg(0x18), 0, 0)]; }
    { IDLE = &[OFF.times(0, 4)]; }
    { RESET = &[Step::Require(Check::new(reg(0x18), 1 << 32, 0))]; }

    checks_that_never_hold: "a check that never holds",
    { IDLE = &[Check::new(reg(0x18), 1, 2)]; }
    { RESET = &[Step::Await(&[OFF, Check::new(reg(0x18), 0b10, 0b11)], Limit::Millis(1))]; }

    checks_that_always_hold: "a check that always holds",
    // Any device that answers would be idle.
    { IDLE = &[Check::new(reg(0x18), 0xFFFF_FFFF, 0xFFFF_FFFF).not()]; }

    wide_values: "a value that is wider than its register",
    { RESET = &[Step::Write(reg(0x18), only(1 << 32))]; }
    { RESET = &[Step::Update(reg(0x18), 1 << 32, 0)]; }
    { RESET = &[Step::AtLeast(reg(0x18), only(1 << 32))]; }
    { RESET = &[Step::Write(reg(0x18), chosen(1 << 40))]; }
    // A register of 8 bits would tell 256 entries as 0. Nor does it have a bit for the carry when a queue's number,
    // or a buffer size, is added.
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
    // The driver chooses a bit into which the sum of two parts carries.
    { QUEUES = &[Queue { numbers: (0, 3), ready: &[Step::Write(reg(0x40), number(1).plus(3).chosen(0b100))], ..split(SPLIT) }]; COMMANDS = &[]; }

    an_address_behind_a_start: "an address or a size outside a queue's start",
    { QUEUES = &[Queue { ready: &[Step::Write(reg(0x40), entries(1))], ..SIZED }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { ready: &[Step::Write(reg(0x40), only(0).buffer(1024))], ..ring(RingFormat { direction: Direction::ToHost, bytes: (1024, 2048), lengths: &[], ..RING }) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { stop: &[Step::Write(at(0, 0x40, Width::W64), address(0))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { ready: &[Step::Write(reg(0x40), high(0))], ..ring(RING) }]; COMMANDS = &[]; }

    an_address_in_a_reset: "an address where there's no queue",
    { RESET = &[Step::Write(reg(0x18), low(0))]; }

    what_only_queues_have: "a step without a queue uses a queue's register or value",
    { RESET = &[Step::Write(reg(0x18), last_entry(1))]; }
    { RESET = &[Step::AtLeast(reg(0x18), number(1))]; }
    { RESET = &[Step::Write(reg(0x18).each(4), NO)]; }
    { RESET = &[Step::Await(&[OFF], Limit::Field(reg(0x18).each(4), 0, 8, 1))]; }
    { IDLE = &[Check::new(reg(0x18).each(4), 1, 0)]; }
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60).each(4), 0, 4), ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
}
