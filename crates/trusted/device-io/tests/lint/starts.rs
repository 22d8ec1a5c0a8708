//! Starts and stops of queues, and the registers that drivers must leave to them.

use super::*;

refused! {
    sums_that_carry: "a size and something else in one bit",
    { QUEUES = &[begins![Step::Write(reg(0x40), entries(1).plus(16))]]; COMMANDS = &[]; }
    { QUEUES = &[begins![Step::AtLeast(reg(0x40), last_entry(1).number(1).plus(3))]]; COMMANDS = &[]; }
    { QUEUES = &[Queue { start: begin![Step::Write(reg(0x40), only(1).buffer(1024))],
        ..ring(RingFormat { direction: Direction::ToHost, bytes: (1024, 2048), lengths: &[], ..RING }) }]; COMMANDS = &[]; }

    buffers_that_are_only_read: "a step tells a size of buffers that the device does not write",
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
    // The rule covers the byte that the reset writes, but as a narrower register.
    { REGISTERS = &[Rule::new(0, 0x1A, Width::W8).write(Write::Bits(1))]; RESET = &[Step::Update(reg(0x18), 0, 1 << 16)]; }
    { REGISTERS = &[word(0x18).write(Write::Bits(0b11))]; RESET = &[Step::Update(reg(0x18), 2, 1)]; }
    { REGISTERS = &[word(0x18).write(Write::Nonzero(0b11))]; RESET = &[Step::Write(reg(0x18), only(0)), Step::Update(reg(0x18), 1, 0)]; }

    resets_by_what_drivers_do: "a reset that writes nothing",
    { REGISTERS = &[word(0x5C).write(Write::Bits(3))]; RESET = &[Step::Update(reg(0x5C).shared(), 1, 0)]; }

    stops_of_nothing: "a stop that writes nothing",
    { QUEUES = &[Queue { stop: &[Step::Sleep(1)], ..ring(RING) }]; COMMANDS = &[]; }

    stops_that_undo_nothing: "a stop changes nothing that the start left",
    // The bits to clear and the bits to set are swapped.
    { QUEUES = &[Queue { stop: &[Step::Update(reg(0x18), 0, 1), STOPPED], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { stop: &[Step::Write(reg(0x18), only(1)), STOPPED], ..ring(RING) }]; COMMANDS = &[]; }

    stops_without_an_end: "a stop does not check that the device has stopped",
    { QUEUES = &[Queue { stop: &[Step::Update(reg(0x18), 1, 0), Step::Sleep(1)], ..ring(RING) }]; COMMANDS = &[]; }
    // A check that can't fail, and one that comes before the stop's write.
    { QUEUES = &[Queue { stop: &[Step::Update(reg(0x18), 1, 0), Step::Settle(&[OFF], Limit::Millis(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { stop: &[STOPPED, Step::Update(reg(0x18), 1, 0)], ..ring(RING) }]; COMMANDS = &[]; }
    // A check of a value that the stop itself, or the start, has written.
    { QUEUES = &[Queue { stop: &[Step::Update(reg(0x5C), 1, 0), Step::Await(&[Check::new(reg(0x5C), 1, 0)], Limit::Millis(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { stop: &[Step::Update(reg(0x18), 1, 0), Step::Await(&[Check::new(reg(0x18), 1, 1)], Limit::Millis(1))], ..ring(RING) }]; COMMANDS = &[]; }

    idle_tests_of_what_no_queue_changes: "the idle test holds while a queue runs",
    { IDLE = &[Check::new(reg(0x1C), 1, 0)]; QUEUES = &[ring(RING)]; COMMANDS = &[]; }

    queues_that_are_enabled_before_they_are_told: "a start that enables a queue before its last step",
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x18), only(1)), Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)),
        Step::Write(HEAD, NO), Step::Write(TAIL, NO), Step::Write(reg(0x5C), only(1))], ..ring(RING) }]; COMMANDS = &[]; }

    queues_that_no_idle_test_looks_at: "the idle test checks only some queues of a kind",
    { IDLE = &[Check::new(reg(0xE0), 1, 0).times(3, 4)]; QUEUES = &[FOUR]; COMMANDS = &[]; }

    buffers_of_parts_of_a_unit: "a buffer size is not a multiple of its unit",
    { QUEUES = &[Queue { start: begin![Step::Write(reg(0x40), only(0).buffer(1024))],
        ..ring(RingFormat { direction: Direction::ToHost, bytes: (512, 16 << 10), lengths: &[], ..RING }) }]; COMMANDS = &[]; }

    queues_that_a_stop_selects: "a queue is selected outside its start",
    { QUEUES = &[Queue { stop: &[Step::Write(reg(0x40), number(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { ready: &[Step::Write(reg(0x40), number(1))], ..ring(RING) }]; COMMANDS = &[]; }

    sizes_that_are_not_told: "the device is not told the size of a queue",
    { QUEUES = &[Queue { entries: (8, 16), ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[ADMIN, Queue { entries: (2, 16), ..IO }]; }

    buffers_that_are_not_told: "the device is not told the size of buffers",
    { QUEUES = &[ring(RingFormat { direction: Direction::ToHost, bytes: (1024, 2048), lengths: &[], ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { lengths: &[], ..RING })]; COMMANDS = &[]; }

    rings_that_go_on: "a start does not reset the device's position in a ring",
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)), Step::Write(reg(0x18), only(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)), Step::Write(HEAD, NO), Step::Write(reg(0x18), only(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)), Step::Write(TAIL, NO), Step::Write(reg(0x18), only(1))], ..ring(RING) }]; COMMANDS = &[]; }
    // Only the last step writes 0 to the position, or the start writes another value, or it writes another register.
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)), Step::Write(TAIL, NO), Step::Write(HEAD, NO)], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { start: &[Step::Write(reg(0x20), low(0)), Step::Write(reg(0x24), high(0)), Step::Write(TAIL, NO), Step::Write(HEAD, only(1)), Step::Write(reg(0x18), only(1))], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { head: reg(0xD4).each(4), ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { index: (2, 1), ..DOORBELL }, ..ring(RING) }]; COMMANDS = &[]; }

    rings_that_the_device_places: "only the device knows where a ring's doorbell is",
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 0, 4), ..DOORBELL }, ..ring(RING) }]; COMMANDS = &[]; }

    narrow_doorbells: "a doorbell that is narrower than what it is told",
    { QUEUES = &[Queue { entries: (512, 512), doorbell: Doorbell { width: Width::W8, ..DOORBELL }, ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { width: Width::W8, ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { numbers: (0, 256), doorbell: Doorbell { width: Width::W8, value: Rung::Number, index: (0, 0), ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }

    doorbells_without_positions: "a doorbell does not tell the device how far a queue is filled",
    { QUEUES = &[Queue { doorbell: Doorbell { value: Rung::Number, ..DOORBELL }, ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { head_doorbell: Doorbell { value: Rung::Number, ..PAIR.head_doorbell }, ..PAIR })]; COMMANDS = &[]; }

    positions_that_are_told_anywhere: "a position goes to a doorbell whose place only the device knows",
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Listed(at(0, 0x60, Width::W16)), ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }

    addresses_of_another_width: "an address does not have the width of its register",
    { QUEUES = &[starts(&[Step::Write(reg(0x20), address(0))])]; COMMANDS = &[]; }
    { QUEUES = &[starts(&[Step::Write(PARTS[0], low(0))])]; COMMANDS = &[]; }
    { QUEUES = &[starts(&[Step::Write(at(0, 0x20, Width::W16), low(0))])]; COMMANDS = &[]; }

    unguarded_registers: "a rule lets drivers write a register that starts or stops a queue",
    { REGISTERS = &[word(0x20).write(Write::Any)]; }
    { REGISTERS = &[Rule::new(0, 0x27, Width::W8).write(Write::Bits(1))]; }
    { REGISTERS = &[word(0x24).write(Write::Any).times(4, 16)]; QUEUES = &[Queue { numbers: (0, 1), ..ADMIN }]; COMMANDS = &[]; }
    // Drivers may write the upper half of an address, or bits of it.
    { REGISTERS = &[word(0x24).write(Write::Nonzero(1))]; }
    { REGISTERS = &[word(0x24).write(Write::Merge(1))]; }
    // Drivers may write no value to a register that enables a queue or tells its size, not even zero or the value
    // that the start writes.
    { REGISTERS = &[word(0x48).write(Write::Bits(2))]; QUEUES = &[begins![Step::Write(reg(0x48), only(1))]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x48).write(Write::Merge(2))]; QUEUES = &[begins![Step::Write(reg(0x48), only(1))]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x48).write(Write::Values(&[1]))]; QUEUES = &[begins![Step::Write(reg(0x48), only(1))]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x48).write(Write::Values(&[1, 3]))]; QUEUES = &[begins![Step::Write(reg(0x48), only(1))]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x40).write(Write::Merge(1 << 20))]; QUEUES = &[SIZED]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x40).write(Write::Values(&[0]))]; QUEUES = &[SIZED]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x24).write(Write::Values(&[0]))]; }
    { REGISTERS = &[word(0x48).write(Write::Exchange(&[(0x30, 0x31)]))]; QUEUES = &[begins![Step::Write(reg(0x48), only(1))]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x48).write(Write::Exchange(&[(1, 0x31), (0x31, 0x30)]))]; QUEUES = &[begins![Step::Update(reg(0x48), 0xF, 1)]]; COMMANDS = &[]; }
    { REGISTERS = &[word(0xD0).write(Write::Any)]; QUEUES = &[ring(RING)]; COMMANDS = &[]; }
    // The register belongs to a later queue.
    { REGISTERS = &[word(0x30).write(Write::Any)]; QUEUES = &[Queue { numbers: (0, 1), ..ADMIN }]; COMMANDS = &[]; }
    // Registers that a start updates, that end a queue, and that are written after a start.
    { REGISTERS = &[word(0x40).write(Write::Any)];
      QUEUES = &[starts(&[Step::Write(PARTS[0], address(0)), Step::Write(PARTS[1], address(1)), Step::Update(reg(0x40), 0, 1)]), IO]; }
    { REGISTERS = &[word(0x40).write(Write::Merge(1))];
      QUEUES = &[Queue { stop: &[Step::Update(reg(0x40), 1, 0), STOPPED], ..ring(RING) }]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x40).write(Write::Bits(1))];
      QUEUES = &[Queue { ready: &[Step::Write(reg(0x40), only(2))], ..ring(RING) }]; COMMANDS = &[]; }

    indexes_of_drivers: "a driver's index lies where the engine writes or checks",
    { REGISTERS = &[word(0x00).read().behind(0x24, Width::W32, 16)]; }
    { REGISTERS = &[word(0x00).read().behind(0x80, Width::W32, 16)]; }
    { REGISTERS = &[word(0x00).read().behind(0x18, Width::W32, 16)]; }
    { REGISTERS = &[word(0x00).read().behind(0x60, Width::W32, 16)];
      QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 0, 4), ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    // The driver's index has another width than the start's.
    { REGISTERS = &[word(0x00).read().behind(0x44, Width::W16, 16)]; QUEUES = &[SELECTED]; COMMANDS = &[]; }

    steps_behind_an_index: "a step accesses a register that an index selects, and no earlier step writes the index",
    { REGISTERS = &[word(0x18).read().behind(0x1C, Width::W32, 1)]; }
    { REGISTERS = &[word(0x40).read().behind(0x44, Width::W32, 1)]; QUEUES = &[SIZED]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x48).write(Write::Masks(&[1])).behind(0x00, Width::W32, 1)]; QUEUES = &[begins![Step::Write(reg(0x48), only(1))]]; COMMANDS = &[]; }

    registers_that_drivers_do_not_share: "a register that is shared with drivers, which no rule lets them write",
    { RESET = &[Step::Write(reg(0x18).shared(), only(1)), Step::Write(reg(0x5C), only(1))]; }
    { REGISTERS = &[word(0x5C).write(Write::Merge(2))]; QUEUES = &[begins![Step::Require(Check::new(reg(0x5C).shared(), 1, 1))]]; COMMANDS = &[]; }

    what_drivers_say: "a rule lets drivers write what the engine checks",
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
    // An idle test may not use a shared register.
    { REGISTERS = &[word(0x5C).write(Write::Bits(1))]; IDLE = &[Check::new(reg(0x5C).shared(), 1, 1)]; }
    { REGISTERS = &[word(0x60).write(Write::Any)];
      QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 0, 4), ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { REGISTERS = &[word(0x60).write(Write::Bits(1))];
      QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Listed(at(0, 0x62, Width::W16)), value: Rung::Number, ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }

    addresses_that_drivers_read: "a rule lets drivers read an address",
    { REGISTERS = &[word(0x20).read()]; }
    { REGISTERS = &[Rule::new(0, 0x2F, Width::W8).read()]; }

    accesses_without_an_index: "a register that an index selects is accessed without the index",
    { QUEUES = &[SELECTED]; COMMANDS = &[]; IDLE = &[Check::new(reg(0x54), 1, 0)]; }
    { QUEUES = &[SELECTED]; COMMANDS = &[]; RESET = &[Step::Update(reg(0x54), 1, 0)]; }
    { QUEUES = &[SELECTED, Queue { numbers: (2, 2), start: begin_at!([], reg(0x60), reg(0x64), [], 0x54), ..ring(RING) }]; COMMANDS = &[]; }

    queues_selected_twice: "a start that selects two queues",
    { QUEUES = &[Queue { start: select!([Step::Write(reg(0x44), number(1)), Step::Write(reg(0x48), number(1))], []), ..SELECTED }]; COMMANDS = &[]; }

    queues_that_drivers_select: "a driver chooses which queue is selected",
    { QUEUES = &[Queue { start: select!([Step::Write(reg(0x44), number(1).chosen(0xF0))], []), ..SELECTED }]; COMMANDS = &[]; }

    steps_at_what_is_selected: "a step after a start accesses a register that an index selects",
    { QUEUES = &[Queue { stop: &[Step::Update(reg(0x48), 1, 0), STOPPED], ..SELECTED }]; COMMANDS = &[]; }
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
}
