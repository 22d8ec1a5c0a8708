//! Virtio devices over PCI, the modern interface (Virtio 1.2 §4.1): block (§5.2) and network (§5.1).
//!
//! Drivers may not accept features that change what the device reads from memory: indirect descriptors, packed rings,
//! the event index and notification data.

use samara_device_io::table::step::{at, chosen, entries, high, low, number, only};
use samara_device_io::table::{
    At, Check, Direction, Doorbell, Format, Id, Limit, Piece, Queue, Rule, Rung, SplitFormat, Step,
    Stride, Table, Width, Window, Write,
};

/// A virtio block device.
#[derive(Debug)]
pub enum VirtioBlock {}

/// A virtio network device.
#[derive(Debug)]
pub enum VirtioNet {}

/// The common configuration's window. Windows have the alignments that §4.1.4 demands of devices.
pub const COMMON: usize = 0;
/// The notifications' window.
pub const NOTIFY: usize = 1;
/// The ISR status's window.
pub const ISR: usize = 2;
/// The device configuration's window.
pub const DEVICE: usize = 3;

const fn windows(device: usize, most: usize) -> [Window; 4] {
    [
        Window::capability(1, 0x38).aligned_to(4),
        Window::capability(2, 2).up_to(0x1000).aligned_to(2),
        Window::capability(3, 1).aligned_to(1),
        Window::capability(4, device).up_to(most).aligned_to(4),
    ]
}

/// A register of the common configuration (§4.1.4.3).
const fn common(offset: usize, width: Width) -> At {
    at(COMMON, offset, width)
}

const STATUS: At = common(0x14, Width::W8);
const QUEUE_SELECT: usize = 0x16;
const IS_RESET: Check = Check::new(STATUS, 0xFF, 0);
const OFF: Check = Check::new(common(0x1C, Width::W16), 1, 0);
/// FEATURES_OK. A driver must set it before it sets up queues (§3.1.1), but not every device enforces that. So this
/// table enforces it: a queue starts only if the bit is set. So the status of a device that has a queue stays nonzero
/// until a reset.
const AGREED: Check = Check::new(STATUS.shared(), 1 << 3, 1 << 3);

/// The common registers: device features; driver features; the vector for configuration changes; the number of
/// queues; the device status; the configuration generation; each queue's size and vector; the ISR status. Then the
/// device's own registers. `$features` are the features that a driver may accept: bits 0 to 31, and bits 32 to 63. A
/// device may refuse to map a queue's vector (§4.1.5.1.3). A driver may not write 0 to the device status, because 0
/// begins a reset, and nothing may be written to the device during a reset.
macro_rules! registers {
    ($features:expr, $($device:expr),+) => {
        &[&[
            Rule::new(COMMON, 0x04, Width::W32).read().behind(0x00, Width::W32, 2),
            Rule::new(COMMON, 0x0C, Width::W32).write(Write::Masks(&$features)).behind(0x08, Width::W32, 2),
            Rule::new(COMMON, 0x10, Width::W16).read().write(Write::Any),
            Rule::new(COMMON, 0x12, Width::W16).read(),
            Rule::new(COMMON, 0x14, Width::W8).read().write(Write::Nonzero(0x8F)),
            Rule::new(COMMON, 0x15, Width::W8).read(),
            Rule::new(COMMON, 0x18, Width::W16).read().behind(QUEUE_SELECT, Width::W16, 64),
            Rule::new(COMMON, 0x1A, Width::W16).read().behind(QUEUE_SELECT, Width::W16, 64),
            Rule::new(ISR, 0x00, Width::W8).read(),
            $($device),+
        ]]
    };
}

/// Writing 0 to the device status resets the device; the reset is over when the status reads as 0 (§4.1.4.3.2).
const RESET: &[Step] = &[
    Step::Write(STATUS, only(0)),
    Step::Await(&[IS_RESET], Limit::Millis(1000)),
];

/// Starts a queue; the driver chooses its interrupt vector (§4.1.5.1.3).
const START: &[Step] = &[
    Step::Require(AGREED),
    Step::Write(common(QUEUE_SELECT, Width::W16), number(1)),
    Step::Require(OFF),
    Step::AtLeast(common(0x18, Width::W16), entries(1)),
    Step::Write(common(0x18, Width::W16), entries(1)),
    Step::Write(common(0x1A, Width::W16), chosen(0xFFFF)),
    Step::Write(common(0x20, Width::W32), low(0)),
    Step::Write(common(0x24, Width::W32), high(0)),
    Step::Write(common(0x28, Width::W32), low(1)),
    Step::Write(common(0x2C, Width::W32), high(1)),
    Step::Write(common(0x30, Width::W32), low(2)),
    Step::Write(common(0x34, Width::W32), high(2)),
    Step::Write(common(0x1C, Width::W16), only(1)),
];

/// Describes queue `number`, which has `least` to 1024 entries. `least` entries must be enough for two chains.
const fn queue(number: u16, least: u32, format: SplitFormat) -> Queue {
    Queue {
        numbers: (number, number),
        entries: (least, 1024),
        start: START,
        ready: &[],
        stop: &[],
        doorbell: Doorbell {
            window: NOTIFY,
            offset: 0,
            width: Width::W16,
            index: (0, 0),
            stride: Stride::Listed(common(0x1E, Width::W16)),
            value: Rung::Number,
        },
        format: Format::Split(format),
    }
}

const NOTHING: Piece = Piece::new(0, Direction::ToHost);

impl VirtioBlock {
    /// Request queues: a header of 16 bytes, data, a status byte (§5.2.6).
    pub const REQUESTS: usize = 0;
}

impl Table for VirtioBlock {
    const NAME: &'static str = "virtio block device";
    const IDS: &'static [Id] = &[Id::Device(0x1AF4, &[0x1042, 0x1001])];
    const WINDOWS: &'static [Window] = &windows(24, 64);
    /// Features: size_max, seg_max, read-only, block size, flush; version 1. Registers: capacity (two halves),
    /// size_max, seg_max, blk_size (§5.2.4).
    const REGISTERS: &'static [&'static [Rule]] = registers!(
        [1 << 1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 9, 1],
        Rule::new(DEVICE, 0x00, Width::W32).read().times(4, 4),
        Rule::new(DEVICE, 0x14, Width::W32).read()
    );
    const IDLE: &'static [Check] = &[IS_RESET];
    const RESET: &'static [Step] = RESET;
    const QUEUES: &'static [Queue] = &[queue(
        0,
        8,
        SplitFormat {
            head: Piece::new(16, Direction::ToDevice),
            tail: Piece::new(1, Direction::ToHost),
        },
    )];
}

impl VirtioNet {
    /// The queue of received packets, each after a header of 12 bytes (§5.1.6).
    pub const RX: usize = 0;
    /// The queue of packets to send, each after a header of 12 bytes.
    pub const TX: usize = 1;
}

impl Table for VirtioNet {
    const NAME: &'static str = "virtio network device";
    const IDS: &'static [Id] = &[Id::Device(0x1AF4, &[0x1041, 0x1000])];
    const WINDOWS: &'static [Window] = &windows(8, 64);
    /// Features: MTU, MAC, status; version 1. Registers: MAC address (bytes), status, MTU (§5.1.4).
    const REGISTERS: &'static [&'static [Rule]] = registers!(
        [1 << 3 | 1 << 5 | 1 << 16, 1],
        Rule::new(DEVICE, 0x00, Width::W8).read().times(6, 1),
        Rule::new(DEVICE, 0x06, Width::W16).read(),
        Rule::new(DEVICE, 0x0A, Width::W16).read()
    );
    const IDLE: &'static [Check] = &[IS_RESET];
    const RESET: &'static [Step] = RESET;
    const QUEUES: &'static [Queue] = &[
        queue(
            0,
            4,
            SplitFormat {
                head: Piece::new(12, Direction::ToHost),
                tail: NOTHING,
            },
        ),
        queue(
            1,
            4,
            SplitFormat {
                head: Piece::new(12, Direction::ToDevice),
                tail: NOTHING,
            },
        ),
    ];
}
