//! Tests of FCoE contexts, by which the device writes to host memory past the rings. Firmware may leave a valid
//! context.

mod support;

use samara_ixgbe_emulator::registers::{bits, offset as at};
use samara_ixgbe_emulator::{GuestMemory, Loop};
use support::{BASE, Machine, frame};

/// The address of a context's list, and the address and size of its buffers.
const LIST: u64 = BASE + 0x30_0000;
const BUFFERS: u64 = BASE + 0x31_0000;
const BUFFER: u64 = 4096;

/// Returns FCBUFF of a valid context with `count` buffers of 4 KiB, where data begins at `offset` in the first
/// buffer.
fn buffers(count: u32, offset: u32) -> u32 {
    offset << 16 | count << 8 | bits::FCBUFF_VALID
}

/// Writes both halves of a context, as firmware does before it reads from a disk.
fn leave(machine: &mut Machine, index: u32, buffers: u32, last: u32) {
    for buffer in 0..4 {
        machine.store(LIST + buffer * 8, BUFFERS + buffer * BUFFER);
    }
    machine.write(at::FCPTRL, LIST as u32);
    machine.write(at::FCPTRH, (LIST >> 32) as u32);
    machine.write(at::FCBUFF, buffers);
    machine.write(at::FCDMARW, last << 16 | bits::FCDMARW_WRITE | index);
    machine.write(at::FCFLT, bits::FCFLT_VALID);
    machine.write(at::FCFLTRW, bits::FCDMARW_WRITE | index);
}

/// Reads both halves of a context by commands. Returns the list, FCBUFF, the size of the last buffer, and FCFLT.
fn context(machine: &mut Machine, index: u32) -> (u64, u32, u32, u32) {
    machine.write(at::FCDMARW, bits::FCDMARW_READ | index);
    let list = u64::from(machine.read(at::FCPTRH)) << 32 | u64::from(machine.read(at::FCPTRL));
    let (buffers, last) = (machine.read(at::FCBUFF), machine.read(at::FCDMARW) >> 16);
    machine.write(at::FCFLTRW, bits::FCDMARW_READ | index);
    (list, buffers, last, machine.read(at::FCFLT))
}

/// An FCoE frame with data of an exchange. [`SOME`] comes from the responder.
struct Frame {
    version: u8,
    start: u8,
    routing: u8,
    control: u32,
    data_control: u8,
    exchange: u16,
    length: usize,
}

const SOME: Frame = Frame {
    version: 0,
    start: 0x2e,
    routing: 1,
    control: 1 << 23,
    data_control: 0,
    exchange: 5,
    length: 512,
};

impl Frame {
    fn bytes(&self) -> Vec<u8> {
        let mut frame = vec![0xff; 6];
        frame.extend([2, 0, 0, 0, 0, 9, 0x89, 0x06, self.version << 4]);
        frame.extend([0; 12]);
        frame.push(self.start);
        frame.push(self.routing);
        frame.extend([0; 8]);
        frame.extend(&self.control.to_be_bytes()[1..]);
        frame.extend([0, self.data_control, 0, 0]);
        let other = !self.exchange;
        let (ox, rx) = match self.control & 1 << 23 {
            0 => (other, self.exchange),
            _ => (self.exchange, other),
        };
        frame.extend(ox.to_be_bytes());
        frame.extend(rx.to_be_bytes());
        frame.extend([0; 4]);
        frame.extend((0..self.length).map(|i| i as u8 | 1));
        // FC CRC, EOF, reserved.
        frame.extend([0; 8]);
        frame
    }
}

/// Returns a machine that is brought up, with an EtherType filter for FCoE frames.
fn up() -> Machine {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(1);
    machine.write(at::HLREG0, machine_jumbo());
    machine.write(at::MAXFRS, 9018 << 16);
    machine.write(
        at::ETQF + 2 * 4,
        bits::ETQF_ENABLE | bits::ETQF_FCOE | 0x8906,
    );
    machine
}

fn machine_jumbo() -> u32 {
    bits::HLREG0_JUMBO | bits::HLREG0_CRC_STRIP | bits::HLREG0_PAD
}

fn arrive(machine: &mut Machine, frame: &Frame) {
    machine.link.inbound.push_back(frame.bytes());
    machine.settle();
}

fn buffer(machine: &Machine, at: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    machine
        .memory
        .read(BUFFERS + at, &mut bytes)
        .expect("memory");
    bytes
}

#[test]
fn contexts_are_read_and_written_by_commands() {
    let mut machine = Machine::new(Loop::open());
    for index in [0, 5, 511] {
        assert_eq!(context(&mut machine, index), (0, 0, 0, 0));
        leave(&mut machine, index, buffers(3, index), 100 + index);
    }
    for index in [0, 5, 511] {
        let left = (LIST, buffers(3, index), 100 + index, bits::FCFLT_VALID);
        assert_eq!(context(&mut machine, index), left);
    }
    assert_eq!(context(&mut machine, 6), (0, 0, 0, 0));
    // The revalidate command sets only the valid bit, and stores nothing else of FCFLT.
    machine.write(at::FCFLT, 0);
    machine.write(at::FCFLTRW, bits::FCDMARW_WRITE | 5);
    assert_eq!(context(&mut machine, 5).3, 0);
    machine.write(at::FCFLT, 0xffff_0000);
    let again = bits::FCFLTRW_REVALIDATE | bits::FCDMARW_WRITE | 5;
    machine.write(at::FCFLTRW, again);
    assert_eq!(context(&mut machine, 5).3, bits::FCFLT_VALID);
}

#[test]
fn leftover_context_places_frames_past_the_ring() {
    let mut machine = up();
    leave(&mut machine, 5, buffers(3, 0x100), 64);
    arrive(&mut machine, &SOME);
    let placed = machine.nic.placements();
    assert_eq!((placed.frames, placed.bytes), (1, 512));
    let data: Vec<u8> = (0..512).map(|i| i as u8 | 1).collect();
    assert_eq!(buffer(&machine, 0x100, 512), data);
    assert!(machine.receive(0).is_none(), "the ring hears nothing");
    // The data of the next frame begins where this frame's data ended, and spans two buffers.
    let next = Frame {
        start: 0x36,
        length: 4096,
        ..SOME
    };
    arrive(&mut machine, &next);
    assert_eq!(machine.nic.placements().bytes, 512 + 4096);
    let (list, buffers, ..) = context(&mut machine, 5);
    assert_eq!(
        (list, buffers >> 16, buffers >> 8 & 0xff),
        (LIST + 8, 0x300, 2)
    );
    assert_eq!(
        (machine.read(at::FCOEPRC), machine.read(at::FCOEDWRC)),
        (2, 1152)
    );
}

#[test]
fn a_reset_leaves_contexts_and_clears_filters() {
    let mut machine = up();
    leave(&mut machine, 5, buffers(3, 0), 64);
    machine.bring_up(1);
    let left = (LIST, buffers(3, 0), 64, bits::FCFLT_VALID);
    assert_eq!(context(&mut machine, 5), left);
    assert!((0..8).all(|n| machine.read(at::ETQF + n * 4) == 0));
    arrive(&mut machine, &SOME);
    assert_eq!(machine.nic.placements().frames, 0);
    assert_eq!(
        machine.receive(0).map(|(bytes, _)| bytes),
        Some(SOME.bytes())
    );
    machine.nic.power_cycle();
    assert_eq!(context(&mut machine, 5), (0, 0, 0, 0));
}

#[test]
fn each_condition_keeps_a_frame_on_the_ring() {
    type Change = fn(&mut Machine);
    let cases: [(&str, Change, Frame); 12] = [
        (
            "another exchange",
            |_| {},
            Frame {
                exchange: 6,
                ..SOME
            },
        ),
        (
            "of the originator",
            |_| {},
            Frame {
                control: 0,
                exchange: !5,
                ..SOME
            },
        ),
        ("a later version", |_| {}, Frame { version: 1, ..SOME }),
        (
            "not the first",
            |_| {},
            Frame {
                start: 0x36,
                ..SOME
            },
        ),
        (
            "another class",
            |_| {},
            Frame {
                start: 0x28,
                ..SOME
            },
        ),
        ("no data", |_| {}, Frame { routing: 6, ..SOME }),
        (
            "an ESP header",
            |_| {},
            Frame {
                data_control: 1 << 6,
                ..SOME
            },
        ),
        (
            "no FCoE bit",
            |m| m.write(at::ETQF + 8, bits::ETQF_ENABLE | 0x8906),
            SOME,
        ),
        (
            "a filter that is off",
            |m| m.write(at::ETQF + 8, bits::ETQF_FCOE | 0x8906),
            SOME,
        ),
        (
            "another EtherType",
            |m| m.write(at::ETQF + 8, bits::ETQF_ENABLE | bits::ETQF_FCOE | 0x8907),
            SOME,
        ),
        ("no DMA half", |m| m.write(at::FCBUFF, 0), SOME),
        ("no filter half", |m| m.write(at::FCFLT, 0), SOME),
    ];
    for (name, change, frame) in cases {
        let mut machine = up();
        leave(&mut machine, 5, buffers(3, 0), 64);
        change(&mut machine);
        // Writes both halves of the context again, with the register values that `change` has left.
        machine.write(at::FCDMARW, bits::FCDMARW_WRITE | 5);
        machine.write(at::FCFLTRW, bits::FCDMARW_WRITE | 5);
        arrive(&mut machine, &frame);
        assert_eq!(machine.nic.placements().frames, 0, "{name}");
        let received = machine.receive(0).map(|(bytes, _)| bytes);
        assert_eq!(received, Some(frame.bytes()), "{name}");
    }
}

#[test]
fn status_ends_a_read_and_the_fix_a_write() {
    let mut machine = up();
    leave(&mut machine, 5, buffers(3, 0), 64);
    arrive(&mut machine, &Frame { routing: 7, ..SOME });
    assert!(machine.receive(0).is_some());
    assert_eq!(context(&mut machine, 5).3 & bits::FCFLT_VALID, 0);
    assert_eq!(context(&mut machine, 5).1 & bits::FCBUFF_VALID, 0);
    // The last frame of a granted part of a write. Without the write fix the context stays valid.
    let last = Frame {
        control: 1 << 19 | 1 << 16,
        ..SOME
    };
    for (fix, open) in [(0, true), (bits::RDRXCTL_FCOE_WRITE_FIX, false)] {
        machine.write(at::RDRXCTL, fix);
        leave(&mut machine, 5, buffers(3, 0) | 1 << 7, 64);
        arrive(&mut machine, &last);
        let valid = context(&mut machine, 5).1 & bits::FCBUFF_VALID != 0;
        assert_eq!(valid, open);
    }
    assert_eq!(machine.nic.placements().frames, 2);
}

#[test]
fn context_ends_with_its_list_except_by_erratum_48() {
    for (last, valid) in [(100, false), (4096, true)] {
        let mut machine = up();
        leave(&mut machine, 5, buffers(1, 0), last);
        let whole = Frame {
            length: 4096,
            ..SOME
        };
        arrive(&mut machine, &whole);
        let (list, buffers, ..) = context(&mut machine, 5);
        assert_eq!(machine.nic.placements().bytes, u64::from(last));
        assert_eq!((list, buffers & 1 != 0), (LIST + 8, valid));
        // If the context is still valid, the next frame is written past the end of its list.
        arrive(
            &mut machine,
            &Frame {
                start: 0x36,
                ..SOME
            },
        );
        let written = buffer(&machine, BUFFER, 512) != [0; 512];
        assert_eq!(written, valid);
    }
}

#[test]
fn headers_are_posted_on_request() {
    for (control, end, posted) in [
        (0, 1 << 19, false),
        (1 << 3, 1 << 19, true),
        (1 << 3, 0, false),
        (1 << 4, 0, true),
    ] {
        let mut machine = up();
        leave(&mut machine, 5, buffers(3, 0), 64);
        machine.write(at::FCRXCTRL, control);
        let frame = Frame {
            control: SOME.control | end,
            ..SOME
        };
        arrive(&mut machine, &frame);
        assert_eq!(machine.nic.placements().frames, 1);
        let headers = frame.bytes()[..52].to_vec();
        let received = machine.receive(0).map(|(bytes, _)| bytes);
        assert_eq!(received, posted.then_some(headers));
    }
}

#[test]
fn the_redirection_table_chooses_the_queue() {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(3);
    machine.write(at::ETQF, bits::ETQF_ENABLE | bits::ETQF_FCOE | 0x8906);
    machine.write(at::FCRETA + 5 * 4, 2);
    machine.write(at::FCRECTL, bits::FCRECTL_ENABLE);
    arrive(&mut machine, &SOME);
    assert!(machine.receive(2).is_some());
    arrive(
        &mut machine,
        &Frame {
            exchange: 8,
            ..SOME
        },
    );
    machine.link.inbound.push_back(frame(60, 1));
    machine.settle();
    assert!(machine.receive(0).is_some() && machine.receive(0).is_some());
}

#[test]
fn unmapped_buffer_list_is_a_dma_error() {
    let mut machine = up();
    leave(&mut machine, 5, buffers(3, 0), 64);
    machine.write(at::FCPTRH, 0xdead);
    machine.write(at::FCBUFF, buffers(3, 0));
    machine.write(at::FCDMARW, bits::FCDMARW_WRITE | 5);
    arrive(&mut machine, &SOME);
    let placed = machine.nic.placements();
    assert_eq!((placed.frames, placed.bytes), (1, 0));
    assert_eq!(machine.nic.drops().rx_dma_error, 1);
}
