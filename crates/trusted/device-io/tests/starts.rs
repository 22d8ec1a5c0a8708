//! Starts and stops of queues, and doorbells, on registers that are plain memory.

use samara_device_io::PciFunction;
use samara_device_io::dma::Refused;
use samara_device_io::pci::StepError;
use samara_device_io::queue::{ChainQueue, QueueError, Ring};
use samara_device_io::table::step::{
    address, at, chosen, entries, high, last_entry, low, number, only,
};
use samara_device_io::table::{
    At, Check, Direction, Doorbell, Format, Id, Limit, Piece, Queue, RingFormat, Rule, Rung,
    SplitFormat, Step, Stride, Table, Width, Window,
};
use samara_host_std as _;
use samara_rref::RRef;

use plain::{OFFSET, Plain};

#[path = "fixtures/plain.rs"]
mod plain;

/// Names a register of each queue. The queues have blocks of 40h bytes, from 100h on.
const fn of(offset: usize, width: Width) -> At {
    at(0, 0x100 + offset, width).each(0x40)
}

const fn reg(offset: usize) -> At {
    of(offset, Width::W32)
}

const OFF: Check = Check::new(reg(0x00), 1, 0);
const ALIVE: Check = Check::new(reg(0x04), 1, 1);

const RECEIVE: RingFormat = RingFormat {
    direction: Direction::ToHost,
    head: reg(0x34),
    fixed: 1 << 62,
    lengths: &[0, 16],
    bytes: (1024, 4096),
    report: 0,
    done: 1 << 63,
    written: 32,
};

/// A start that tells the address in halves.
const HALVES: &[Step] = &[
    Step::Write(reg(0x10), low(0)),
    Step::Write(reg(0x14), high(0)),
    Step::Write(reg(0x30), only(0)),
    Step::Write(reg(0x34), only(0)),
    Step::Write(reg(0x00), only(1)),
];

const QUEUE: Queue = Queue {
    numbers: (0, 2),
    entries: (8, 64),
    start: &[
        Step::Require(OFF),
        Step::AtLeast(at(0, 0x00, Width::W32), entries(1)),
        Step::Write(of(0x08, Width::W64), address(0)),
        Step::Write(of(0x18, Width::W16), entries(16)),
        Step::Write(reg(0x1C), last_entry(1 << 16).number(0x100)),
        Step::Write(reg(0x20), number(3).plus(0x1000)),
        Step::Write(reg(0x24), chosen(0xF0).plus(8).buffer(1024)),
        Step::Write(of(0x28, Width::W8), only(0x77)),
        Step::Update(reg(0x2C), 0xFF, 0x5A),
        Step::Write(reg(0x30), only(0)),
        Step::Write(reg(0x34), only(0)),
        Step::Write(reg(0x00), only(1)),
    ],
    ready: &[Step::Await(&[ALIVE], Limit::Millis(4))],
    stop: &[
        Step::Update(reg(0x00), 1, 0),
        Step::Await(&[Check::new(reg(0x04), 1, 0)], Limit::Millis(4)),
    ],
    doorbell: Doorbell {
        window: 0,
        offset: 0x120,
        width: Width::W32,
        index: (4, 1),
        stride: Stride::Bytes(0x10),
        value: Rung::Position,
    },
    format: Format::Ring(RECEIVE),
};

const NO_PIECE: Piece = Piece::new(0, Direction::ToDevice);

const CHAINS: Queue = Queue {
    entries: (8, 8),
    start: &[
        Step::Write(of(0x08, Width::W64), address(0)),
        Step::Write(of(0x10, Width::W64), address(1)),
        Step::Write(of(0x18, Width::W64), address(2)),
        Step::Write(reg(0x00), only(1)),
    ],
    ready: &[],
    stop: &[],
    format: Format::Split(SplitFormat {
        head: NO_PIECE,
        tail: NO_PIECE,
    }),
    ..QUEUE
};

enum Nic {}

impl Nic {
    const RX: usize = 0;
    /// A queue that only a reset stops.
    const LASTING: usize = 1;
    /// A queue whose address is told in halves.
    const HALVES: usize = 2;
    /// A virtqueue whose doorbell lies where the device says.
    const MOVED: usize = 3;
    /// A virtqueue whose doorbell takes the queue's number, so that several queues could share it.
    const NUMBERED: usize = 4;
}

impl Table for Nic {
    const NAME: &'static str = "starts";
    const IDS: &'static [Id] = plain::IDS;
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x300).up_to(0x400)];
    const REGISTERS: &'static [&'static [Rule]] = &[];
    const IDLE: &'static [Check] = &[Check::new(at(0, 0x100, Width::W32), 1, 0).times(7, 0x40)];
    const RESET: &'static [Step] = &[
        Step::Write(at(0, 0x100, Width::W32), only(0)),
        Step::Write(at(0, 0x140, Width::W32), only(0)),
        Step::Write(at(0, 0x180, Width::W32), only(0)),
        Step::Write(at(0, 0x1C0, Width::W32), only(0)),
        Step::Write(at(0, 0x200, Width::W32), only(0)),
        Step::Write(at(0, 0x240, Width::W32), only(0)),
        Step::Write(at(0, 0x280, Width::W32), only(0)),
    ];
    const QUEUES: &'static [Queue] = &[
        QUEUE,
        Queue {
            numbers: (3, 3),
            stop: &[],
            ..QUEUE
        },
        Queue {
            numbers: (4, 4),
            entries: (32, 32),
            start: HALVES,
            format: Format::Ring(RingFormat {
                bytes: (2048, 2048),
                ..RECEIVE
            }),
            ..QUEUE
        },
        Queue {
            numbers: (5, 5),
            doorbell: Doorbell {
                offset: 0x300,
                index: (1, 2),
                stride: Stride::Shifted(at(0, 0x08, Width::W64), 36, 4),
                ..QUEUE.doorbell
            },
            ..CHAINS
        },
        Queue {
            numbers: (6, 6),
            doorbell: Doorbell {
                offset: 0x2C0,
                index: (0, 0),
                value: Rung::Number,
                ..QUEUE.doorbell
            },
            ..CHAINS
        },
    ];
}

type Function = PciFunction<Nic>;
type Packet = [u8; 4096];
type Rx<const Q: usize> = Ring<Nic, Q, Packet>;

/// Claims a device of at most 64 entries, whose queues do as they are told.
fn claimed() -> (&'static Plain, Function) {
    let plain = Plain::leak();
    plain.set(0x00, Width::W32, 64);
    for queue in [0x100, 0x140, 0x180, 0x1C0, 0x200] {
        plain.set(queue + 0x04, Width::W32, 1);
        plain.set(queue + 0x2C, Width::W32, 0x1234_5678);
    }
    let function = plain.slot().claim().unwrap();
    function.reset().unwrap();
    plain.writes();
    (plain, function)
}

fn all(packet: &mut Packet) -> &mut [u8] {
    packet
}

fn put<const Q: usize>(rx: &mut Rx<Q>, function: &Function) {
    let mut receiving = rx.open(function).unwrap();
    receiving.put(RRef::new([0; 4096]), all).unwrap();
    receiving.publish();
}

#[test]
fn a_start_tells_what_the_table_says() {
    let (plain, function) = claimed();
    let mut rx = Rx::<{ Nic::RX }>::new(&function, 2, 32, 2048).unwrap();
    // The driver asks for all bits to be set, but the engine writes only the bits that the table leaves to the
    // driver.
    rx.start(&function, u64::MAX).unwrap();
    let get = |offset: usize, width| plain.get(0x180 + offset, width);
    let base = get(0x08, Width::W64);
    assert!(base > OFFSET && base.is_multiple_of(4096));
    assert_eq!(get(0x18, Width::W32), 32 * 16);
    assert_eq!(get(0x1C, Width::W32), 31 << 16 | 0x200);
    assert_eq!(get(0x20, Width::W32), 0x1006);
    assert_eq!(get(0x24, Width::W32), 0xF0 | (8 + 2));
    assert_eq!(get(0x28, Width::W32), 0x77);
    assert_eq!(get(0x2C, Width::W32), 0x1234_565A);
    assert_eq!(get(0x00, Width::W32), 1);
    // The queue is enabled after everything else, and no register of another queue is touched.
    let writes = plain.writes();
    assert_eq!(writes.last(), Some(&(0x180, 1)));
    let own = 0x180..0x1C0;
    assert!(writes.iter().all(|(offset, _)| own.contains(offset)));

    let mut halves = Rx::<{ Nic::HALVES }>::new(&function, 4, 32, 2048).unwrap();
    halves.start(&function, 0).unwrap();
    let other = plain.get(0x210, Width::W64);
    assert!(other > OFFSET && other.is_multiple_of(4096) && other != base);
}

/// The device is told the buffer's length, however much room the driver's object has.
///
/// Invariant: DEV-28
#[test]
fn a_descriptor_covers_only_the_buffer() {
    let (plain, function) = claimed();
    type Long = [u8; 0x1_F000];
    let mut rx = Ring::<Nic, { Nic::RX }, Long>::new(&function, 0, 8, 2048).unwrap();
    rx.start(&function, 0).unwrap();
    let mut receiving = rx.open(&function).unwrap();
    let whole: fn(&mut Long) -> &mut [u8] = |object| object;
    let object = RRef::new([0; 0x1_F000]);
    let at = (&raw const *object).addr() as u64;
    receiving.put(object, whole).unwrap();
    let base = plain.get(0x108, Width::W64);
    let expected = [at + OFFSET, 1 << 62 | 2048 << 16 | 2048];
    assert_eq!(plain.descriptor(base), expected);
    let short = receiving.put(RRef::new([0; 0x1_F000]), |object| &mut object[..2047]);
    assert_eq!(short.unwrap_err().0, Refused::Empty);
}

/// After a failed start the device may know some of the queue's addresses, so the queue counts as in use until a
/// reset.
///
/// Invariant: DEV-23
#[test]
fn a_failed_start_is_not_repeated() {
    let lacks = [
        (0x100, 1, StepError::State),
        (0x00, 7, StepError::State),
        (0x00, u64::from(u32::MAX), StepError::Absent),
        (0x12C, u64::from(u32::MAX), StepError::Absent),
        (0x104, 0, StepError::Timeout),
        (0x104, u64::from(u32::MAX), StepError::Absent),
    ];
    for (offset, value, error) in lacks {
        let (plain, function) = claimed();
        let before = plain.get(offset, Width::W32);
        plain.set(offset, Width::W32, value);
        let mut rx = Rx::<{ Nic::RX }>::new(&function, 0, 8, 2048).unwrap();
        let start = rx.start(&function, 0);
        assert_eq!(
            start,
            Err(QueueError::Step(error)),
            "{offset:#x} {value:#x}"
        );
        plain.set(offset, Width::W32, before);
        assert_eq!(rx.start(&function, 0), Err(QueueError::Started));
        // A packet that is put in does not come out.
        let mut receiving = rx.open(&function).unwrap();
        receiving.put(RRef::new([0; 4096]), all).unwrap();
        receiving.publish();
        assert!(receiving.take_back().is_none() && receiving.take().is_none());
        drop(receiving);
        function.reset().unwrap();
        assert_eq!(rx.start(&function, 0), Err(QueueError::NotEmpty));
        assert!(rx.open(&function).unwrap().take_back().is_some());
        rx.start(&function, 0).unwrap();
    }
}

/// Invariant: DEV-23
#[test]
fn a_queue_that_does_not_stop_keeps_its_packets() {
    let (plain, function) = claimed();
    let mut rx = Rx::<{ Nic::RX }>::new(&function, 0, 8, 2048).unwrap();
    rx.start(&function, 0).unwrap();
    put(&mut rx, &function);
    let timeout = Err(QueueError::Step(StepError::Timeout));
    assert_eq!(rx.stop(&function), timeout);
    assert!(rx.open(&function).unwrap().take_back().is_none());
    plain.set(0x104, Width::W32, u64::from(u32::MAX));
    let absent = Err(QueueError::Step(StepError::Absent));
    assert_eq!(rx.stop(&function), absent);
    assert!(rx.open(&function).unwrap().take_back().is_none());
    plain.set(0x104, Width::W32, 0);
    rx.stop(&function).unwrap();
    assert!(rx.open(&function).unwrap().take_back().is_some());
    // A queue that does not run counts as stopped.
    plain.accesses();
    rx.stop(&function).unwrap();
    assert_eq!(plain.accesses(), []);
}

#[test]
fn a_queue_without_stop_steps_ends_by_a_reset() {
    let (_, function) = claimed();
    let mut rx = Rx::<{ Nic::LASTING }>::new(&function, 3, 8, 2048).unwrap();
    rx.start(&function, 0).unwrap();
    put(&mut rx, &function);
    assert_eq!(rx.stop(&function), Err(QueueError::Started));
    assert!(rx.open(&function).unwrap().take_back().is_none());
    function.reset().unwrap();
    rx.stop(&function).unwrap();
    assert!(rx.open(&function).unwrap().take_back().is_some());
}

#[test]
fn a_doorbell_gets_the_queues_tail() {
    let (plain, function) = claimed();
    let mut rx = Rx::<{ Nic::RX }>::new(&function, 1, 8, 2048).unwrap();
    rx.start(&function, 0).unwrap();
    plain.writes();
    for tail in 1..8 {
        put(&mut rx, &function);
        assert_eq!(plain.writes(), [(0x120 + (4 + 1) * 0x10, tail)]);
        // Nothing was put since.
        rx.open(&function).unwrap().publish();
        assert_eq!(plain.writes(), []);
    }
    assert_eq!(rx.open(&function).unwrap().room(), 0);
}

/// Puts a chain and rings; returns the result, and the registers that were written for it.
fn rung<const Q: usize>(
    plain: &Plain,
    queue: &mut ChainQueue<Nic, Q>,
    function: &Function,
) -> (Result<(), QueueError>, Vec<(usize, u32)>) {
    let buffer = RRef::new_zeroed_slice(512).unwrap();
    let transfer = function.begin(buffer).unwrap();
    let data = Some((&transfer, 0, 512, Direction::ToHost));
    plain.writes();
    let _ = queue.put(function, &[0; 16], data);
    (queue.ring(function), plain.writes())
}

#[test]
fn a_doorbell_stands_where_the_device_says() {
    for (field, offset) in [(0, 0x300 + 7 * 4), (2, 0x300 + 7 * 16), (3, 0x300 + 7 * 32)] {
        let (plain, function) = claimed();
        plain.set(0x08, Width::W64, field << 36);
        let mut queue = ChainQueue::<Nic, { Nic::MOVED }>::new(&function, 5, 8).unwrap();
        queue.start(&function, 0).unwrap();
        let rung = rung(plain, &mut queue, &function);
        assert_eq!(rung, (Ok(()), vec![(offset, 1)]));
    }
}

/// Another device's registers may follow those of this device.
#[test]
fn a_doorbell_after_the_registers_is_refused() {
    for field in [8, 14, 15] {
        let (plain, function) = claimed();
        plain.set(0x08, Width::W64, field << 36);
        let mut queue = ChainQueue::<Nic, { Nic::MOVED }>::new(&function, 5, 8).unwrap();
        assert_eq!(queue.start(&function, 0), Err(QueueError::NoDoorbell));
        let rung = rung(plain, &mut queue, &function);
        assert_eq!(rung, (Err(QueueError::NotStarted), vec![]));
    }
}

#[test]
fn a_shared_doorbell_gets_the_queues_number() {
    let (plain, function) = claimed();
    let mut queue = ChainQueue::<Nic, { Nic::NUMBERED }>::new(&function, 6, 8).unwrap();
    queue.start(&function, 0).unwrap();
    for _ in 0..2 {
        let rung = rung(plain, &mut queue, &function);
        assert_eq!(rung, (Ok(()), vec![(0x2C0, 6)]));
    }
}
