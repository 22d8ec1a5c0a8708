//! Tests of the driver on an emulated device: some call the driver directly, others as a domain.
#![forbid(unsafe_code)]

mod attacks;
mod bring_up;
mod configuration;
mod crashes;
mod misbehaviour;
mod traffic;
mod waiting;

use std::sync::{Mutex, MutexGuard, PoisonError};

use samara_device_io::DeviceSlot;
use samara_device_tables::VirtioNet;
use samara_host_std::{DomainAlloc, System};
use samara_interfaces::net::{Exchanged, NetDevice, NetError, Packet, Packets};
use samara_shared_heap::heap::{Census, census_all};
use samara_testkit::faults as fault;
use samara_testkit::virtio_emulator::{Device, Net, Shape, VirtioEmulator, vectors_in_use};
use samara_virtio_net::{Args, InitError, Limits, Nic};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Admits one test at a time, because the process has one shared heap and one set of fault points.
static SERIAL: Mutex<()> = Mutex::new(());

/// An emulated device on a bus of its own, and a census of the shared heap from before the test.
struct Bench {
    model: &'static VirtioEmulator,
    slot: DeviceSlot<VirtioNet>,
    before: Census,
    _serial: MutexGuard<'static, ()>,
}

impl Bench {
    fn new(shape: Shape) -> Self {
        let serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
        fault::disarm_all();
        let model = VirtioEmulator::leak(shape);
        Self {
            model,
            slot: model.slot(),
            before: census_all(),
            _serial: serial,
        }
    }

    fn try_nic(&self, limits: Limits) -> Result<Nic, InitError> {
        let function = self.slot.claim().expect("the model can be claimed");
        samara_virtio_net::init(Args { function, limits })
    }

    fn nic(&self, limits: Limits) -> Nic {
        self.try_nic(limits).expect("the model comes up")
    }

    /// Ends the test. Checks that the driver broke no rule of the specification and that the device accessed no
    /// memory that it must not reach. Also checks that nothing is left on the shared heap, and that the function is
    /// silent and can be claimed again.
    fn finish(self) {
        assert_eq!(self.model.violations(), []);
        let counts = self.model.counts();
        assert_eq!(
            counts.stray_accesses, 0,
            "the driver gave the device an address that it must not reach"
        );
        assert_eq!(
            census_all(),
            self.before,
            "objects are left on the shared heap"
        );
        assert_eq!(vectors_in_use(), 0);
        if self.slot.place().id().is_some() {
            assert!(!self.model.is_bus_master());
            drop(self.slot.claim().expect("the function is free again"));
        }
    }
}

/// Returns the shape of a network device `net`.
const fn shape(net: Net) -> Shape {
    Shape {
        device: Device::Net(net),
        ..Shape::NET
    }
}

/// A device that keeps sent frames until the test takes them, and does not send them back.
const KEEPS: Net = Net {
    loops: false,
    ..Net::PLAIN
};

/// Returns two benches: one whose function has a Function Level Reset, and one whose function has none.
fn benches(shape: Shape) -> [impl FnOnce() -> Bench; 2] {
    [true, false].map(|flr| move || Bench::new(Shape { flr, ..shape }))
}

/// Short queues, which wrap around often: they have room for 12 packets to receive into and for 6 to send.
fn small() -> Limits {
    Limits {
        rx_entries: 32,
        tx_entries: 16,
        ..Limits::default()
    }
}

/// Returns a frame of `length` bytes. Its bytes differ from those of the frame with the next `seed`.
fn frame(length: usize, seed: u8) -> Vec<u8> {
    (0..length)
        .map(|i| {
            (i as u8)
                .wrapping_mul(31)
                .wrapping_add(seed.wrapping_mul(7))
        })
        .collect()
}

/// Returns a batch of these frames.
fn frames<'a>(frames: impl IntoIterator<Item = &'a [u8]>) -> Packets {
    let mut batch = Packets::new();
    for frame in frames {
        let mut packet = Packet::alloc().expect("memory");
        packet.fill(frame).expect("it fits");
        batch.push_back(packet).expect("at most 32");
    }
    batch
}

/// Returns a batch of `count` frames of `length` bytes each.
fn batch(count: u8, length: usize) -> Packets {
    let some: Vec<_> = (0..count).map(|seed| frame(length, seed)).collect();
    frames(some.iter().map(|frame| &frame[..]))
}

/// Returns a batch of empty packets.
fn empty(count: usize) -> Packets {
    frames((0..count).map(|_| &[][..]))
}

/// Takes the received frames out of the result of an exchange.
fn received(exchanged: &mut Exchanged) -> Vec<Vec<u8>> {
    (0..exchanged.received)
        .filter_map(|_| exchanged.rx.pop_front())
        .map(|packet| packet.bytes().to_vec())
        .collect()
}

/// Receives all frames that have arrived, and sends nothing.
fn poll(nic: &dyn NetDevice) -> Result<Vec<Vec<u8>>, NetError> {
    let mut all = Vec::new();
    loop {
        let mut exchanged = nic.exchange(0, empty(0), empty(32))?;
        let more = received(&mut exchanged);
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}

/// Checks that a frame can be sent and received, whether or not the device sends frames back.
fn works(bench: &Bench, nic: &dyn NetDevice) {
    assert!(nic.link().unwrap().is_up());
    let one = frame(333, 5);
    drop(bench.model.take_sent());
    drop(poll(nic).unwrap());
    drop(nic.exchange(0, frames([&one[..]]), empty(0)).unwrap());
    bench.model.tick(20);
    let mut came = poll(nic).unwrap();
    let sent = bench.model.take_sent();
    if came.is_empty() {
        assert_eq!(sent, std::slice::from_ref(&one));
        assert!(bench.model.receive(&one));
        bench.model.tick(20);
        came = poll(nic).unwrap();
    }
    assert_eq!(came, [one]);
}
