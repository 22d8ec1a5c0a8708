//! Attacks by zeroed memory. Lists and descriptors that are zero, or hold old contents, would send a device to bus
//! address 0 or to memory in other use.

use samara_device_io::PciFunction;
use samara_device_io::queue::{ChainQueue, Pair, QueueError, SubmitError};
use samara_device_io::table::step::{address, at, only};
use samara_device_io::table::{
    At, Check, Direction, Doorbell, Format, Id, Limit, Piece, Queue, Rule, Rung, SplitFormat, Step,
    Stride, Table, Width, Window,
};
use samara_device_tables::Nvme;
use samara_host_std as _;
use samara_rref::RRef;
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};

use nvme::{Disk, NOTHING, completed};
use plain::Plain;

#[path = "../fixtures/nvme.rs"]
mod nvme;
#[path = "../fixtures/plain.rs"]
mod plain;

fn buffer(bytes: usize) -> RRef<[u8]> {
    RRef::new_zeroed_slice(bytes).unwrap()
}

/// The driver makes all calls that could zero the command's list of pages, while the device still has to read the
/// list.
///
/// Invariant: DEV-11
#[test]
fn nothing_clears_a_list_in_flight() {
    let emulator = NvmeEmulator::leak(Shape {
        latency: 9,
        ..Shape::default()
    });
    emulator.medium(|medium| medium.fill(0x5A));
    let function = emulator.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    let transfer = function.begin(buffer(32 * 4096)).unwrap();
    disk.read(&function, 0, (&transfer, 0, 32 * 4096)).unwrap();
    disk.io.ring(&function).unwrap();

    assert_eq!(disk.io.start(&function, 0), Err(QueueError::NotStarted));
    assert_eq!(disk.admin.start(&function, 0), Err(QueueError::Started));
    let started = Err(SubmitError::Queue(QueueError::Started));
    let (admin, io) = (&mut disk.admin, &mut disk.io);
    let create = admin.create::<{ Nvme::CREATE_COMPLETION }, { Nvme::IO }>(&function, NOTHING, io);
    assert_eq!(create, started);
    let create = admin.create::<{ Nvme::CREATE_SUBMISSION }, { Nvme::IO }>(&function, NOTHING, io);
    assert_eq!(create, started);
    let again = Pair::<Nvme, { Nvme::IO }>::new(&function, 1, 8);
    assert_eq!(again.err(), Some(QueueError::Taken));
    function.enable_bus_master().unwrap_err();

    assert_eq!(completed(&function, &mut disk.io).status, 0);
    let back = function.finish(transfer).unwrap();
    assert!(back.iter().all(|&byte| byte == 0x5A));
    assert_eq!(emulator.counts().stray_accesses, 0);
}

const fn word(offset: usize) -> At {
    at(0, offset, Width::W32)
}

const NO_PIECE: Piece = Piece {
    bytes: 0,
    direction: Direction::ToDevice,
};

/// A device whose chains are only data, such as an entropy device.
enum Bare {}

impl Table for Bare {
    const NAME: &'static str = "data alone";
    const IDS: &'static [Id] = plain::IDS;
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x100)];
    const REGISTERS: &'static [&'static [Rule]] = &[];
    const IDLE: &'static [Check] = &[Check::new(word(0x00), 1, 0)];
    const RESET: &'static [Step] = &[
        Step::Write(word(0x00), only(0)),
        Step::Settle(&[], Limit::Millis(0)),
    ];
    const QUEUES: &'static [Queue] = &[Queue {
        numbers: (0, 0),
        entries: (4, 4),
        start: &[
            Step::Write(at(0, 0x10, Width::W64), address(0)),
            Step::Write(at(0, 0x18, Width::W64), address(1)),
            Step::Write(at(0, 0x20, Width::W64), address(2)),
            Step::Write(word(0x00), only(1)),
        ],
        ready: &[],
        stop: &[],
        doorbell: Doorbell {
            window: 0,
            offset: 0x30,
            width: Width::W32,
            index: (0, 0),
            stride: Stride::Bytes(0),
            value: Rung::Number,
        },
        format: Format::Split(SplitFormat {
            head: NO_PIECE,
            tail: NO_PIECE,
        }),
    }];
}

/// A chain without data would have no descriptor of its own. The device would read the chain's old descriptor, which
/// names a buffer that was given back.
///
/// Invariant: DEV-11
#[test]
fn a_chain_of_nothing_is_refused() {
    let plain = Plain::leak();
    let function: PciFunction<Bare> = plain.slot().claim().unwrap();
    function.reset().unwrap();
    let mut queue = ChainQueue::<Bare, 0>::new(&function, 0, 4).unwrap();
    queue.start(&function, 0).unwrap();
    let transfer = function.begin(buffer(512)).unwrap();
    let data = Some((&transfer, 0, 512, Direction::ToHost));
    assert_eq!(queue.put(&function, &[0; 16], data), Ok(0));
    queue.ring(&function).unwrap();
    // The device has used the chain.
    let used = plain.get(0x20, Width::W64);
    plain.write_memory(used + 4, &[0; 8]);
    plain.write_memory(used + 2, &1u16.to_le_bytes());
    assert_eq!(queue.next(&function).unwrap().unwrap().number, 0);
    drop(function.finish(transfer).unwrap());

    let nothing = queue.put(&function, &[0; 16], None);
    assert_eq!(nothing, Err(SubmitError::OutOfBounds));
    queue.ring(&function).unwrap();
    let available = plain.get(0x18, Width::W64);
    let [index, ..] = plain.read_memory(available + 2);
    assert_eq!((index, queue.held()), (1, 0));
}
