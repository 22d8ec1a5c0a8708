//! The network device's frames.

use samara_testkit::virtio_emulator::{Device, Misbehaviour, Net, Shape, Violation};

use super::support::{Dma, Driver};

const RX: u16 = 0;
const TX: u16 = 1;
const HEADER: usize = 12;
const SLOT: usize = 2048;

/// A device, and buffers for its two queues. A slot of a buffer holds one frame.
struct Bench {
    driver: Driver,
    received: Dma,
    sent: Dma,
}

fn with(net: Net) -> Shape {
    Shape {
        device: Device::Net(net),
        ..Shape::NET
    }
}

/// The shape of a device that keeps sent frames for the test and does not loop them back.
const KEEPS: Net = Net {
    loops: false,
    ..Net::PLAIN
};

fn frame(length: usize) -> Vec<u8> {
    (0..length).map(|i| i as u8 ^ 0x5A).collect()
}

impl Bench {
    fn new(shape: Shape) -> Self {
        let driver = Driver::live(shape);
        Self {
            received: driver.buffer(16 * SLOT),
            sent: driver.buffer(16 * SLOT),
            driver,
        }
    }

    /// Posts a receive buffer for `room` bytes of a frame, with the header in an element of its own. Returns the head.
    fn post(&mut self, slot: usize, room: u32) -> u16 {
        let at = self.received.bus(slot * SLOT);
        let frame = [(at, HEADER as u32), (at + HEADER as u64, room)];
        let head = self.driver.rings[0].chain(&[], &frame);
        self.driver.submit(RX, head);
        head
    }

    fn send(&mut self, slot: usize, frame: &[u8]) -> u16 {
        self.send_with(slot, [0; HEADER], frame)
    }

    fn send_with(&mut self, slot: usize, header: [u8; HEADER], frame: &[u8]) -> u16 {
        self.sent.write(slot * SLOT, &header);
        self.sent.write(slot * SLOT + HEADER, frame);
        let length = HEADER as u32 + frame.len() as u32;
        let head = self.driver.rings[1].chain(&[(self.sent.bus(slot * SLOT), length)], &[]);
        self.driver.submit(TX, head);
        head
    }

    fn got(&self, slot: usize, length: usize) -> (Vec<u8>, Vec<u8>) {
        let header = self.received.read(slot * SLOT, HEADER);
        (header, self.received.read(slot * SLOT + HEADER, length))
    }
}

#[test]
fn sent_frames_are_looped_back() {
    let mut bench = Bench::new(Shape::NET);
    for slot in 0..3 {
        let head = bench.post(slot, 1514);
        let sent = bench.send(slot, &frame(60 + slot));
        assert_eq!(bench.driver.rings[1].used(), Some((sent.into(), 0)));
        let length = (HEADER + 60 + slot) as u32;
        assert_eq!(bench.driver.rings[0].used(), Some((head.into(), length)));
        // The header says that the frame takes one buffer.
        let header = vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
        assert_eq!(bench.got(slot, 60 + slot), (header, frame(60 + slot)));
    }
    bench.driver.finish();
}

#[test]
fn without_a_loop_the_test_takes_sent_frames() {
    let mut bench = Bench::new(with(KEEPS));
    let _ = bench.post(0, 1514);
    let _ = bench.send(0, &frame(60));
    let _ = bench.send(1, &frame(1514));
    assert_eq!(bench.driver.model.take_sent(), [frame(60), frame(1514)]);
    assert!(bench.driver.model.take_sent().is_empty());
    assert_eq!(bench.driver.rings[0].used(), None);

    assert!(bench.driver.model.receive(&frame(99)));
    assert_eq!(bench.driver.rings[0].used(), Some((0, 111)));
    assert_eq!(bench.got(0, 99).1, frame(99));
    bench.driver.finish();
}

#[test]
fn frames_wait_for_buffers_and_a_notification() {
    let mut bench = Bench::new(with(KEEPS));
    assert!(bench.driver.model.receive(&frame(60)));
    bench.driver.model.tick(2);
    let at = bench.received.bus(0);
    let head = bench.driver.rings[0].chain(&[], &[(at, 1526)]);
    bench.driver.rings[0].offer(head);
    bench.driver.model.tick(2);
    assert_eq!(bench.driver.rings[0].used(), None);
    bench.driver.notify(RX);
    assert_eq!(bench.driver.rings[0].used(), Some((0, 72)));
    bench.driver.finish();
}

#[test]
fn a_frame_that_does_not_fit_is_dropped() {
    let mut bench = Bench::new(with(KEEPS));
    let head = bench.post(0, 100);
    assert!(bench.driver.model.receive(&frame(101)));
    assert_eq!(bench.driver.rings[0].used(), None);
    assert_eq!(bench.driver.model.counts().dropped_frames, 1);
    // The buffer stays for the next frame.
    assert!(bench.driver.model.receive(&frame(100)));
    assert_eq!(bench.driver.rings[0].used(), Some((head.into(), 112)));
    bench.driver.finish();
}

#[test]
fn without_a_link_frames_are_dropped() {
    let mut bench = Bench::new(with(KEEPS));
    assert_eq!(bench.driver.device(6, 2), 1);
    bench.driver.model.set_link(false);
    assert_eq!(bench.driver.isr(), 2);
    assert_eq!(bench.driver.device(6, 2), 0);
    let _ = bench.post(0, 1514);
    assert!(!bench.driver.model.receive(&frame(60)));
    // The device gives the chain back although it drops the frame.
    let head = bench.send(0, &frame(60));
    assert_eq!(bench.driver.rings[1].used(), Some((head.into(), 0)));
    assert!(bench.driver.model.take_sent().is_empty());
    assert_eq!(bench.driver.model.counts().dropped_frames, 2);
    bench.driver.model.set_link(true);
    assert!(bench.driver.model.receive(&frame(60)));
    bench.driver.finish();
}

#[test]
fn a_flapping_link_changes_at_each_pause() {
    let bench = Bench::new(Shape::NET);
    bench
        .driver
        .model
        .switch(|switches| switches.flapping = true);
    let _ = bench.driver.isr();
    for up in [0, 1, 0, 1] {
        bench.driver.model.tick(1);
        assert_eq!(bench.driver.device(6, 2), up);
        // The configuration change alone sets the ISR status.
        assert_eq!(bench.driver.isr(), 2);
    }
    bench.driver.finish();
}

#[test]
fn link_changes_are_silent_without_the_feature() {
    let bench = Bench::new(with(Net {
        status: false,
        mac: None,
        ..Net::PLAIN
    }));
    assert_eq!(bench.driver.offered(), 1 << 32);
    let generation = bench.driver.get(super::support::at::GENERATION, 1);
    bench.driver.model.set_link(false);
    assert_eq!(bench.driver.isr(), 0);
    assert_eq!(bench.driver.device(6, 2), 0);
    assert_eq!(
        bench.driver.get(super::support::at::GENERATION, 1),
        generation
    );
}

#[test]
fn frames_are_as_long_as_the_mtu_allows() {
    for (mtu, longest) in [(None, 1514), (Some(1000), 1014)] {
        let mut bench = Bench::new(with(Net { mtu, ..KEEPS }));
        let _ = bench.send(0, &frame(longest));
        let head = bench.send(1, &frame(longest + 1));
        assert_eq!(bench.driver.rings[1].used(), Some((0, 0)));
        assert_eq!(bench.driver.rings[1].used(), Some((head.into(), 0)));
        assert_eq!(bench.driver.model.take_sent(), [frame(longest)]);
        bench.driver.broke(&[Violation::FrameTooLong]);
    }
}

#[test]
fn unnegotiated_header_fields_are_violations() {
    for at in [0, 1, 10, 11] {
        let mut bench = Bench::new(with(KEEPS));
        let mut header = [0; HEADER];
        header[at] = 1;
        let _ = bench.send_with(0, header, &frame(60));
        bench.driver.broke(&[Violation::FrameHeader]);
    }
}

#[test]
fn a_frame_without_a_header_is_fatal() {
    let mut bench = Bench::new(with(KEEPS));
    let head = bench.driver.rings[1].chain(&[(bench.sent.bus(0), 11)], &[]);
    bench.driver.submit(TX, head);
    assert!(!bench.driver.model.is_running());
    bench.driver.broke(&[Violation::NoHeader]);

    let mut bench = Bench::new(with(KEEPS));
    let head = bench.driver.rings[0].chain(&[], &[(bench.received.bus(0), 11)]);
    bench.driver.submit(RX, head);
    assert!(bench.driver.model.receive(&frame(60)));
    assert!(!bench.driver.model.is_running());
    bench.driver.broke(&[Violation::NoHeader]);
}

#[test]
fn used_lengths_of_frames_may_be_wrong() {
    for (how, length) in [
        (Misbehaviour::Length(0), 0),
        (Misbehaviour::Length(u32::MAX), u32::MAX),
        (Misbehaviour::Overlong(1), 12 + 1514 + 1),
    ] {
        let mut bench = Bench::new(Shape::NET);
        bench.driver.model.go_wrong(0, how);
        let _ = bench.post(0, 1514);
        let _ = bench.send(0, &frame(60));
        assert_eq!(bench.driver.rings[0].used(), Some((0, length)));
        assert_eq!(bench.driver.rings[1].used(), Some((0, 0)));
        bench.driver.finish();
    }
}

#[test]
fn received_headers_may_be_wrong() {
    let mut bench = Bench::new(Shape::NET);
    bench
        .driver
        .model
        .go_wrong(0, Misbehaviour::Header([9; 12]));
    let _ = bench.post(0, 1514);
    let _ = bench.send(0, &frame(60));
    assert_eq!(bench.got(0, 60), (vec![9; 12], frame(60)));
    bench.driver.finish();
}

#[test]
fn before_driver_ok_no_frame_is_taken() {
    let driver = Driver::new(Shape::NET);
    assert!(!driver.model.receive(&frame(60)));
    assert_eq!(driver.model.counts().dropped_frames, 1);
}
