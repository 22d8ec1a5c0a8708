//! Tests of the driver on an emulated device: some call the driver directly, others as a domain.
#![forbid(unsafe_code)]

mod attacks;
mod batches;
mod crashes;
mod hardware;
mod known_faults;
mod misbehaviour;
mod traffic;
mod waiting;

use std::sync::{Mutex, MutexGuard, PoisonError};

use samara_device_io::DeviceSlot;
use samara_device_tables::Ixgbe;
use samara_host_std::{DomainAlloc, System};
use samara_interfaces::net::{Exchanged, NetDevice, NetError, Packet, Packets};
use samara_ixgbe::{Args, InitError, Limits, Nic};
use samara_ixgbe_emulator::Loop;
use samara_shared_heap::heap::{Census, census_all};
use samara_testkit::faults as fault;
use samara_testkit::ixgbe_bus::IxgbeBus;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Admits one test at a time, because the process has one shared heap and one set of fault points.
static SERIAL: Mutex<()> = Mutex::new(());

/// An emulated device on a bus of its own, and a census of the shared heap from before the test.
struct Bench {
    bus: &'static IxgbeBus,
    slot: DeviceSlot<Ixgbe>,
    before: Census,
    _serial: MutexGuard<'static, ()>,
}

impl Bench {
    fn new(link: Loop) -> Self {
        let serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
        fault::disarm_all();
        let bus = IxgbeBus::leak(link);
        Self {
            bus,
            slot: bus.slot(),
            before: census_all(),
            _serial: serial,
        }
    }

    fn try_nic(&self, limits: Limits) -> Result<Nic, InitError> {
        let function = self.slot.claim().expect("the model can be claimed");
        samara_ixgbe::init(Args { function, limits })
    }

    /// Starts the driver, and checks that its link is up.
    fn nic(&self, limits: Limits) -> Nic {
        let nic = self.try_nic(limits).expect("the model comes up");
        self.bus.settle();
        assert!(nic.link().expect("the device is there").is_up());
        nic
    }

    /// Ends the test. Checks that the device accessed no memory that it must not reach, that nothing is left on the
    /// shared heap, and that the function is silent and can be claimed again.
    fn finish(self) {
        assert_eq!(
            self.bus.strays(),
            0,
            "the device got an address that it must not reach"
        );
        assert_eq!(
            census_all(),
            self.before,
            "objects are left on the shared heap"
        );
        if self.slot.place().id().is_some() {
            assert!(!self.bus.is_bus_master());
            drop(self.slot.claim().expect("the function is free again"));
        }
    }
}

/// Short rings, so that they wrap around often.
fn small() -> Limits {
    Limits {
        rx_entries: 32,
        tx_entries: 16,
        ..Limits::default()
    }
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
fn poll(nic: &dyn NetDevice, queue: u16) -> Result<Vec<Vec<u8>>, NetError> {
    let mut all = Vec::new();
    loop {
        let mut exchanged = nic.exchange(queue, empty(0), empty(32))?;
        let more = received(&mut exchanged);
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}
