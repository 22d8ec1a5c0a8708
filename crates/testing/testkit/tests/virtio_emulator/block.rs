//! The block device's requests.

use samara_testkit::disks::{expected, fill};
use samara_testkit::virtio_emulator::{Block, Device, Shape, Violation};

use super::support::{Dma, Driver};

/// Request types and statuses (§5.2.6).
pub(crate) const IN: u32 = 0;
pub(crate) const OUT: u32 = 1;
const FLUSH: u32 = 4;
const GET_ID: u32 = 8;
const IO_ERROR: u8 = 1;
const UNSUPPORTED: u8 = 2;
/// A status that no device writes.
pub(crate) const NONE: u8 = 0xEE;

/// Offsets of the data and of the status in a test's buffer. The header is at 0.
const DATA: usize = 0x1000;
const STATUS: usize = 0x800;

/// A device, and memory for one request at a time.
pub(crate) struct Bench {
    pub(crate) driver: Driver,
    pub(crate) memory: Dma,
}

impl Bench {
    pub(crate) fn new(shape: Shape) -> Self {
        let driver = Driver::live(shape);
        let memory = driver.buffer(0x1_0000);
        driver.model.medium(|medium| fill(medium));
        Self { driver, memory }
    }

    fn with(block: Block) -> Self {
        Self::new(Shape {
            device: Device::Block(block),
            ..Shape::BLOCK
        })
    }

    /// Builds a request with `data` bytes in one element. Returns the chain's head.
    pub(crate) fn request(&mut self, kind: u32, sector: u64, data: u32) -> u16 {
        self.header(kind, sector);
        self.memory.write(STATUS, &[NONE]);
        let memory = self.memory;
        let header = (memory.bus(0), 16);
        let status = (memory.bus(STATUS), 1);
        let data = (data > 0).then_some((memory.bus(DATA), data));
        let (mut readable, mut writable) = (vec![header], vec![]);
        let side = if kind == OUT {
            &mut readable
        } else {
            &mut writable
        };
        side.extend(data);
        writable.push(status);
        let ring = &mut self.driver.rings[0];
        if ring.size() < 16 {
            ring.recycle();
        }
        ring.chain(&readable, &writable)
    }

    pub(crate) fn header(&self, kind: u32, sector: u64) {
        self.memory.write(0, &kind.to_le_bytes());
        self.memory.write(4, &[0; 4]);
        self.memory.write(8, &sector.to_le_bytes());
    }

    pub(crate) fn status(&self) -> u8 {
        self.memory.read(STATUS, 1)[0]
    }

    /// Has the device execute a request. Returns the status and the used length.
    pub(crate) fn execute(&mut self, kind: u32, sector: u64, data: u32) -> (u8, u32) {
        let head = self.request(kind, sector, data);
        self.driver.submit(0, head);
        let (id, length) = self.driver.rings[0]
            .used()
            .expect("the device gave the request back");
        assert_eq!(id, u32::from(head));
        (self.status(), length)
    }

    fn data(&self, length: usize) -> Vec<u8> {
        self.memory.read(DATA, length)
    }
}

fn sectors(from: usize, count: usize) -> Vec<u8> {
    expected(from * 512, count * 512)
}

#[test]
fn reads_return_the_data_of_the_medium() {
    let mut bench = Bench::new(Shape::BLOCK);
    assert_eq!(bench.execute(IN, 7, 4096), (0, 4097));
    assert_eq!(bench.data(4096), sectors(7, 8));
    assert_eq!(bench.execute(IN, 4095, 512), (0, 513));
    assert_eq!(bench.data(512), sectors(4095, 1));
    bench.driver.finish();
}

#[test]
fn writes_change_only_their_sectors() {
    let mut bench = Bench::new(Shape::BLOCK);
    bench.memory.write(DATA, &[0xA5; 1024]);
    assert_eq!(bench.execute(OUT, 3, 1024), (0, 1));
    bench.driver.model.medium(|bytes| {
        assert_eq!(bytes[3 * 512..5 * 512], [0xA5; 1024]);
        assert_eq!(bytes[5 * 512..6 * 512], sectors(5, 1));
        assert_eq!(bytes[2 * 512..3 * 512], sectors(2, 1));
    });
    bench.driver.finish();
}

#[test]
fn flushes_and_the_id_are_answered() {
    let mut bench = Bench::new(Shape::BLOCK);
    assert_eq!(bench.execute(FLUSH, 0, 0), (0, 1));
    assert_eq!(bench.driver.model.counts().flushes, 1);
    assert_eq!(bench.execute(GET_ID, 0, 20), (0, 21));
    assert_eq!(bench.data(20), *b"samara-virtio-block\0");
    bench.driver.finish();
    let _ = bench.execute(FLUSH, 1, 0);
    let _ = bench.execute(GET_ID, 0, 8);
    bench
        .driver
        .broke(&[Violation::FlushSector, Violation::DataLength]);
}

#[test]
fn unknown_request_types_are_unsupported() {
    let mut bench = Bench::new(Shape::BLOCK);
    for kind in [2, 10, 11, 13, 14, 16, u32::MAX] {
        assert_eq!(bench.execute(kind, 0, 0), (UNSUPPORTED, 1));
    }
    let mut bench = Bench::with(Block {
        flush: false,
        ..Block::PLAIN
    });
    assert_eq!(bench.execute(FLUSH, 0, 0), (UNSUPPORTED, 1));
    bench.driver.finish();
}

#[test]
fn a_read_only_disk_takes_no_write() {
    let mut bench = Bench::with(Block {
        read_only: true,
        ..Block::PLAIN
    });
    assert_ne!(bench.driver.offered() & 1 << 5, 0);
    assert_eq!(bench.execute(OUT, 0, 512).0, IO_ERROR);
    bench
        .driver
        .model
        .medium(|bytes| assert_eq!(bytes[..512], sectors(0, 1)));
    assert_eq!(bench.execute(IN, 0, 512), (0, 513));
    bench.driver.finish();
}

#[test]
fn requests_beyond_the_capacity_move_no_data() {
    let mut bench = Bench::new(Shape::BLOCK);
    for (kind, sector, bytes) in [
        (IN, 4096, 512),
        (IN, 4095, 1024),
        (OUT, u64::MAX, 512),
        (OUT, u64::MAX / 512, 4096),
    ] {
        let (status, length) = bench.execute(kind, sector, bytes);
        // A failed read writes no data, so the status byte behind the data does not count as written.
        assert_eq!((status, length), (IO_ERROR, u32::from(kind == OUT)));
    }
    assert_eq!(bench.data(1024), [0; 1024]);
    bench.driver.broke(&[Violation::BeyondCapacity; 4]);
    assert_eq!(bench.execute(IN, 0, 511).0, IO_ERROR);
    assert_eq!(
        bench.driver.model.violations()[4..],
        [Violation::DataLength]
    );
}

#[test]
fn a_huge_capacity_needs_no_memory() {
    let mut bench = Bench::with(Block {
        sectors: u64::MAX,
        ..Block::PLAIN
    });
    let there = Block::MEDIUM_SECTORS;
    assert_eq!(bench.execute(IN, there - 1, 512), (0, 513));
    assert_eq!(bench.execute(IN, there, 512), (IO_ERROR, 0));
    assert_eq!(bench.execute(OUT, u64::MAX - 1, 512), (IO_ERROR, 1));
    bench.driver.finish();
    assert_eq!(bench.driver.device(4, 4), u32::MAX);
}

#[test]
fn segment_limits_are_enforced() {
    let mut bench = Bench::with(Block {
        size_max: Some(1024),
        seg_max: Some(2),
        ..Block::PLAIN
    });
    assert_eq!(bench.execute(IN, 0, 1024).0, 0);
    assert_eq!(bench.execute(IN, 0, 1536).0, IO_ERROR);
    bench.header(IN, 0);
    let at = |i: usize| (bench.memory.bus(DATA + i), 512);
    let (header, status) = ((bench.memory.bus(0), 16), (bench.memory.bus(STATUS), 1));
    for (segments, expected) in [(2, 0), (3, IO_ERROR)] {
        let mut writable: Vec<_> = (0..segments).map(|i| at(512 * i)).collect();
        writable.push(status);
        let head = bench.driver.rings[0].chain(&[header], &writable);
        bench.driver.submit(0, head);
        assert_eq!(bench.status(), expected);
    }
    bench.driver.broke(&[Violation::Segments; 2]);
}

#[test]
fn any_split_into_elements_is_executed() {
    let mut bench = Bench::new(Shape::BLOCK);
    bench.header(IN, 9);
    let memory = bench.memory;
    // The header is in three elements. The data and the status are in three other elements, and the last of these has
    // bytes of both.
    let readable = [(memory.bus(0), 3), (memory.bus(3), 12), (memory.bus(15), 1)];
    let writable = [
        (memory.bus(DATA), 100),
        (memory.bus(DATA + 100), 400),
        (memory.bus(DATA + 500), 13),
    ];
    memory.write(DATA + 512, &[NONE]);
    let head = bench.driver.rings[0].chain(&readable, &writable);
    bench.driver.submit(0, head);
    assert_eq!(bench.driver.rings[0].used(), Some((0, 513)));
    assert_eq!(bench.data(512), sectors(9, 1));
    assert_eq!(memory.read(DATA + 512, 1), [0]);

    // The header and the data are in one element.
    bench.header(OUT, 2);
    memory.write(16, &[7; 512]);
    let head = bench.driver.rings[0].chain(&[(memory.bus(0), 528)], &[(memory.bus(STATUS), 1)]);
    bench.driver.submit(0, head);
    bench
        .driver
        .model
        .medium(|bytes| assert_eq!(bytes[1024..1536], [7; 512]));
    bench.driver.finish();
}

#[test]
fn a_request_without_header_or_status_is_fatal() {
    for (readable, writable) in [(15, 1), (16, 0)] {
        let mut bench = Bench::new(Shape::BLOCK);
        let memory = bench.memory;
        let status = [(memory.bus(STATUS), 1)];
        let head = bench.driver.rings[0].chain(&[(memory.bus(0), readable)], &status[..writable]);
        bench.driver.submit(0, head);
        assert!(!bench.driver.model.is_running());
        assert_eq!(bench.driver.rings[0].used(), None);
        bench.driver.broke(&[Violation::NoHeader]);
    }
}

#[test]
fn a_new_capacity_is_reported_to_the_driver() {
    let mut bench = Bench::new(Shape::BLOCK);
    assert_eq!(bench.driver.isr(), 0);
    bench.driver.model.set_capacity(8);
    assert_eq!(bench.driver.isr(), 2);
    assert_eq!(bench.driver.device(0, 4), 8);
    assert_eq!(bench.execute(IN, 8, 512).0, IO_ERROR);
    bench.driver.broke(&[Violation::BeyondCapacity]);
}
