//! The driver against the model device: first called directly, then as a domain.
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

/// The exchange heap and the fault points are the process's: one test at a time.
static SERIAL: Mutex<()> = Mutex::new(());

/// A model on a bus of its own, and what the heap held before.
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

    /// Nothing is left on the heap, the function may be claimed again and is silent, the device never reached where it
    /// should not, and the driver broke no rule.
    fn finish(self) {
        assert_eq!(self.model.violations(), []);
        let counts = self.model.counts();
        assert_eq!(counts.stray_accesses, 0, "the device was sent astray");
        assert_eq!(
            census_all(),
            self.before,
            "something is left on the exchange heap"
        );
        assert_eq!(vectors_in_use(), 0);
        if self.slot.place().id().is_some() {
            assert!(!self.model.is_bus_master());
            drop(self.slot.claim().expect("the function is free again"));
        }
    }
}

/// A device of this kind.
const fn shape(net: Net) -> Shape {
    Shape {
        device: Device::Net(net),
        ..Shape::NET
    }
}

/// Sent frames stay where the test finds them.
const KEEPS: Net = Net {
    loops: false,
    ..Net::PLAIN
};

/// Both kinds of function: with and without a reset of its own.
fn benches(shape: Shape) -> [impl FnOnce() -> Bench; 2] {
    [true, false].map(|flr| move || Bench::new(Shape { flr, ..shape }))
}

/// Short queues, so that they wrap around often: 16 packets to receive into, 8 to send.
fn small() -> Limits {
    Limits {
        rx_entries: 32,
        tx_entries: 16,
        ..Limits::default()
    }
}

/// A frame of `length` bytes, none like the next.
fn frame(length: usize, seed: u8) -> Vec<u8> {
    (0..length)
        .map(|i| {
            (i as u8)
                .wrapping_mul(31)
                .wrapping_add(seed.wrapping_mul(7))
        })
        .collect()
}

/// A batch of frames.
fn frames<'a>(frames: impl IntoIterator<Item = &'a [u8]>) -> Packets {
    let mut batch = Packets::new();
    for frame in frames {
        let mut packet = Packet::alloc().expect("memory");
        packet.fill(frame).expect("it fits");
        batch.push_back(packet).expect("at most 32");
    }
    batch
}

/// A batch of `count` frames of `length` bytes.
fn batch(count: u8, length: usize) -> Packets {
    let some: Vec<_> = (0..count).map(|seed| frame(length, seed)).collect();
    frames(some.iter().map(|frame| &frame[..]))
}

/// A batch of empty packets.
fn empty(count: usize) -> Packets {
    frames((0..count).map(|_| &[][..]))
}

/// The frames received, taken out.
fn received(exchanged: &mut Exchanged) -> Vec<Vec<u8>> {
    (0..exchanged.received)
        .filter_map(|_| exchanged.rx.pop_front())
        .map(|packet| packet.bytes().to_vec())
        .collect()
}

/// Sends nothing and receives what there is.
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

/// One frame out, and one in, whether sent frames come back or not.
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
