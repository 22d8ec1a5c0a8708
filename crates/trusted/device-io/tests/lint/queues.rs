//! Registers of several queues, and doorbells.

use super::*;

refused! {
    untold_parts: "the device is not told the address of a part of a queue's memory exactly once",
    { QUEUES = &[starts(&[Step::Write(PARTS[0], address(0))])]; COMMANDS = &[]; }
    { COMMANDS = &[CREATE_COMPLETION]; }
    // The start tells only half of an address, or tells an address twice.
    { QUEUES = &[Queue { start: begin_at!([], reg(0x20), reg(0x24), [Step::Write(reg(0x28), low(0))]), ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[starts(&[Step::Write(PARTS[0], address(0)), Step::Write(reg(0x28), low(1))])]; COMMANDS = &[]; }
    { COMMANDS = &[CREATE_COMPLETION, CREATE_SUBMISSION, CREATE_SUBMISSION]; }

    registers_of_several_queues: "several queues share a register for values of their own",
    { QUEUES = &[Queue { numbers: (0, 3), ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[ADMIN, Queue { doorbell: Doorbell { index: (0, 9), ..DOORBELL }, ..IO }]; }
    { QUEUES = &[ADMIN, Queue { doorbell: Doorbell { offset: 0xC0, index: (0, 0), stride: Stride::Shifted(reg(0), 0, 4), ..DOORBELL }, ..IO }]; }
    // All queues share one register for their sizes, or one for the device's position.
    { QUEUES = &[Queue { numbers: (0, 1), entries: (4, 16), start: &[Step::Write(PARTS[0], address(0)), Step::Write(PARTS[1], address(1)), Step::Write(reg(0x48), entries(1)), Step::Write(reg(0x18), only(1))], ..ADMIN }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { numbers: (0, 1), start: &[Step::Write(reg(0x20).each(8), low(0)), Step::Write(reg(0x24).each(8), high(0)), Step::Write(TAIL, NO), Step::Write(reg(0xD0), NO), Step::Write(reg(0x18), only(1))],
        ..ring(RingFormat { head: reg(0xD0), ..RING }) }]; COMMANDS = &[]; }

    steps_over_what_is_told: "a step overwrites what the device was told",
    { QUEUES = &[starts(&[Step::Write(PARTS[0], address(0)), Step::Write(at(0, 0x20, Width::W64), address(1)), Step::Write(reg(0x18), only(1))]), IO]; }
    { QUEUES = &[begins![Step::Update(at(0, 0x27, Width::W8), 0, 1)]]; COMMANDS = &[]; }
    { QUEUES = &[Queue { stop: &[Step::Update(reg(0x40), 0, 1 << 20), STOPPED], ..SIZED }]; COMMANDS = &[]; }
    { QUEUES = &[begins![Step::Write(reg(0x48), chosen(0xF0)), Step::Update(reg(0x48), 0x10, 0)]]; COMMANDS = &[]; }
    { QUEUES = &[begins![Step::Write(HEAD, NO), Step::Write(HEAD, only(1))]]; COMMANDS = &[]; }

    resets_over_what_is_told: "a step of a reset overwrites what the device was told",
    { RESET = &[Step::Write(reg(0x24), NO), Step::Write(reg(0x18), only(1))]; }
    { RESET = &[Step::Update(reg(0x80), 0, 1), Step::Write(reg(0x18), only(1))]; }

    registers_for_two_things: "two different values go into one register",
    // Two kinds of queues have a number in common.
    { QUEUES = &[SELECTED, SELECTED]; COMMANDS = &[]; }
    { QUEUES = &[split(SPLIT), Queue { doorbell: Doorbell { offset: 0xC0, ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[CHAINS, Queue { numbers: (3, 4), ..CHAINS }]; COMMANDS = &[]; }
    // Two kinds of queues are selected by different index registers, or by different values.
    { QUEUES = &[SELECTED, Queue { numbers: (2, 3), start: select!([Step::Write(reg(0x48), number(1))], []), ..SELECTED }]; COMMANDS = &[]; }
    { QUEUES = &[SELECTED, Queue { numbers: (2, 3), start: select!([Step::Write(reg(0x44), number(2))], []), ..SELECTED }]; COMMANDS = &[]; }
    // One queue sets a bit that another one clears.
    { QUEUES = &[begins![Step::Update(reg(0x48), 0, 1)], Queue { numbers: (1, 1), start: begin_at!([], reg(0x60), reg(0x64), [Step::Update(reg(0x48), 1, 0)]), ..ring(RING) }]; COMMANDS = &[]; }
    // A doorbell lies, or may lie, on an address or on another doorbell. Or a step also writes it. Or the places of
    // two doorbells depend on a distance that the device states, and the doorbells differ in offset or in the unit of
    // this distance.
    { QUEUES = &[Queue { doorbell: Doorbell { offset: 0x20, index: (0, 0), ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[begins![Step::Write(TAIL, only(1))]]; COMMANDS = &[]; }
    { QUEUES = &[Queue { ready: &[Step::Write(TAIL, NO)], ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { offset: 0xC0, stride: Stride::Shifted(reg(0), 0, 4), ..DOORBELL }, ..split(SPLIT) },
        Queue { numbers: (1, 1), start: &[Step::Write(at(0, 0x40, Width::W64), address(0)), Step::Write(at(0, 0x48, Width::W64), address(1)), Step::Write(at(0, 0x50, Width::W64), address(2)), Step::Write(reg(0x18), only(1))],
            doorbell: Doorbell { offset: 0xC4, stride: Stride::Shifted(reg(0), 0, 4), ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[ADMIN, Queue { numbers: (1, 2), doorbell: Doorbell { offset: 0xC0, stride: Stride::Shifted(reg(0), 0, 4), ..DOORBELL },
        ..pair(&PairFormat { head_doorbell: Doorbell { offset: 0xC0, index: (2, 1), stride: Stride::Shifted(reg(0), 0, 8), ..DOORBELL }, ..PAIR }) }]; COMMANDS = &[]; }
    { QUEUES = &[ADMIN, Queue { numbers: (0, 4), ..IO }]; }
    { QUEUES = &[pair(&PairFormat { head_doorbell: DOORBELL, ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { offset: 0x1C, stride: Stride::Shifted(reg(0), 0, 4), ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0), 0, 4), ..DOORBELL }, ..pair(&PairFormat { head_doorbell: Doorbell { stride: Stride::Shifted(reg(0), 0, 4), ..DOORBELL }, ..PAIR }) }]; COMMANDS = &[]; }

    a_doorbell_in_no_window: "a doorbell in no window",
    { QUEUES = &[Queue { doorbell: Doorbell { window: 1, ..DOORBELL }, ..ADMIN }]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { head_doorbell: Doorbell { window: 1, ..DOORBELL }, ..PAIR })]; COMMANDS = &[]; }

    a_doorbell_outside_its_window: "a doorbell outside its window",
    { QUEUES = &[ADMIN, Queue { doorbell: Doorbell { offset: 0x1F0, ..DOORBELL }, ..IO }]; }

    a_misaligned_doorbell: "a misaligned doorbell",
    { QUEUES = &[Queue { doorbell: Doorbell { offset: 0x82, ..DOORBELL }, ..ADMIN }]; COMMANDS = &[]; }

    unguarded_doorbells: "a rule lets drivers write a doorbell",
    { REGISTERS = &[word(0x80).write(Write::Any)]; }
    { REGISTERS = &[word(0x84).write(Write::Merge(1))]; }
    // Drivers may write the doorbell of the last queue, or a register on which a doorbell may lie.
    { REGISTERS = &[word(0xA4).write(Write::Any)]; }
    { REGISTERS = &[word(0xF0).write(Write::Any)];
      QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0), 0, 4), ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }

    odd_distances: "a distance of doorbells uses bits that its register does not have",
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 29, 4), ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 0, 0x1_0001), ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }

    two_distances: "two registers that say how far doorbells are apart",
    { QUEUES = &[ADMIN, Queue { doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 0, 4), ..DOORBELL }, ..IO },
                 Queue { numbers: (5, 5), doorbell: Doorbell { stride: Stride::Shifted(reg(0x60), 4, 4), ..DOORBELL }, ..split(SPLIT) }]; COMMANDS = &[]; }
}
