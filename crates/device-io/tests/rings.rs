//! Rings of an 82599: what is put in is the host's and the device's until the device is done with it, or is
//! known to be stopped; whatever the driver does.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::MutexGuard;

use samara_device_io::dma::RegionError;
use samara_device_io::layout::ixgbe::{QueueError, Refused, RxRing, TxRing};
use samara_device_io::{PciFunction, PciSlot};
use samara_host_std as _;
use samara_ixgbe_model::Loop;
use samara_rref::{Owner, RRef, RRefDeque};
use samara_shared_heap::heap::{Census, census_all};
use samara_testkit::hosted::alone;
use samara_testkit::ixgbe_bus::{IxgbeBus, frame};

use fixture::{Packet, registers, short};

#[path = "fixtures/ixgbe.rs"]
mod fixture;

struct Bench {
    bus: &'static IxgbeBus,
    slot: &'static PciSlot,
    before: Census,
    _alone: MutexGuard<'static, ()>,
}

impl Bench {
    fn new() -> Self {
        let alone = alone();
        let bus = IxgbeBus::leak(Loop::closed());
        Self {
            bus,
            slot: bus.slot(),
            before: census_all(),
            _alone: alone,
        }
    }

    fn up(&self) -> PciFunction {
        fixture::up(self.bus, self.slot)
    }

    fn finish(self) {
        assert_eq!(self.bus.strays(), 0);
        assert_eq!(census_all(), self.before);
    }
}

fn packet(byte: u8) -> RRef<Packet> {
    RRef::new([byte; 2048])
}

fn all(packet: &mut Packet) -> &mut [u8] {
    packet
}

/// Moves a handle away, as a driver that forgets it does.
fn gone<T>(_: T) {}

#[test]
fn a_packet_in_a_running_queue_comes_out_only_when_the_device_is_done() {
    let bench = Bench::new();
    let function = bench.up();
    let mut rx = RxRing::<Packet>::new(&function, 0, 8, 2048).unwrap();
    let mut tx = TxRing::<Packet>::new(&function, 0, 8).unwrap();
    let registers = registers(&function);
    rx.start(&function, &registers, false).unwrap();
    tx.start(&function, &registers).unwrap();
    {
        let mut receiving = rx.open(&function).unwrap();
        for _ in 0..7 {
            receiving.put(packet(0xEE), all).unwrap();
        }
        assert_eq!(receiving.room(), 0, "one slot stays empty");
        let (refused, back) = receiving.put(packet(1), all).unwrap_err();
        assert_eq!((refused, back[9]), (Refused::Full, 1));
        assert!(receiving.take().is_none() && receiving.take_back().is_none());
        assert!(receiving.arrived().is_none());
        receiving.publish(&registers);
    }
    // What is in it could not be taken out.
    assert_eq!(
        rx.start(&function, &registers, false),
        Err(QueueError::Enabled)
    );
    {
        let mut sending = tx.open(&function).unwrap();
        let mut one = packet(0);
        one[..60].copy_from_slice(&frame(60, 3));
        sending.put(one, short).unwrap();
        bench.bus.settle();
        assert!(sending.reclaim().is_none(), "not published");
        sending.publish(&registers);
        assert!(sending.reclaim().is_none() && sending.take_back().is_none());
        bench.bus.settle();
        assert!(sending.reclaim().is_some() && sending.reclaim().is_none());
    }
    assert_eq!(tx.held(), 0);
    let mut receiving = rx.open(&function).unwrap();
    assert_eq!(receiving.arrived().unwrap().frame(), Ok(60));
    let got = receiving.take().unwrap();
    assert_eq!((&got[..60], got[60]), (&frame(60, 3)[..], 0xEE));
    assert!(receiving.take_back().is_none(), "the queue still runs");
    drop((got, receiving));
    rx.stop(&function, &registers).unwrap();
    tx.stop(&function, &registers).unwrap();
    let mut receiving = rx.open(&function).unwrap();
    let back = core::iter::from_fn(|| receiving.take_back()).count();
    assert_eq!(back, 6);
    drop(receiving);
    drop(function);
    bench.finish();
}

#[test]
fn what_is_in_a_ring_is_the_hosts_and_is_freed_when_the_claim_ends() {
    let bench = Bench::new();
    let function = bench.up();
    let mut rx = RxRing::<Packet>::new(&function, 0, 8, 2048).unwrap();
    let registers = registers(&function);
    rx.start(&function, &registers, false).unwrap();
    let mut receiving = rx.open(&function).unwrap();
    let one = packet(0);
    assert_eq!(RRef::owner(&one), Owner::HOST);
    receiving.put(one, all).unwrap();
    receiving.put(packet(0), all).unwrap();
    receiving.publish(&registers);
    drop(receiving);
    let held = census_all();
    // Neither is anything released by forgetting the ring.
    gone(rx);
    assert_eq!(census_all(), held);
    drop(function);
    assert!(!bench.bus.is_bus_master());
    bench.finish();
}

#[test]
fn a_queue_has_one_ring_for_the_length_of_a_claim() {
    let bench = Bench::new();
    let function = bench.up();
    let first = TxRing::<Packet>::new(&function, 5, 8).unwrap();
    gone(first);
    let second = TxRing::<Packet>::new(&function, 5, 8);
    assert_eq!(second.err(), Some(RegionError::Taken));
    assert!(RxRing::<Packet>::new(&function, 5, 8, 2048).is_ok());
    assert!(TxRing::<Packet>::new(&function, 128, 8).is_err());
    for entries in [0, 1, 7, 9, 8192] {
        assert!(TxRing::<Packet>::new(&function, 6, entries).is_err());
    }
    for buffer in [0, 1000, 2049, 17 << 10] {
        assert!(RxRing::<Packet>::new(&function, 6, 8, buffer).is_err());
    }
    drop(function);
    bench.finish();
}

#[test]
fn bytes_that_are_not_the_packets_own_are_refused() {
    let bench = Bench::new();
    let function = bench.up();
    let mut tx = TxRing::<Packet>::new(&function, 0, 8).unwrap();
    tx.start(&function, &registers(&function)).unwrap();
    let mut sending = tx.open(&function).unwrap();
    let elsewhere = || Box::leak(Box::new([7u8; 64])).as_mut_slice();
    for _ in 0..3 {
        let (refused, _) = sending.put(packet(0), |_| elsewhere()).unwrap_err();
        assert_eq!(refused, Refused::Empty);
    }
    let (refused, _) = sending.put(packet(0), |_| &mut []).unwrap_err();
    assert_eq!((refused, sending.room()), (Refused::Empty, 7));
    drop(sending);
    drop((tx, function));
    // A receive buffer shorter than the device was told is none either.
    let function = bench.up();
    let mut rx = RxRing::<Packet>::new(&function, 0, 8, 2048).unwrap();
    let mut receiving = rx.open(&function).unwrap();
    let short = receiving.put(packet(0), |packet| &mut packet[1..]);
    assert_eq!(short.unwrap_err().0, Refused::Empty);
    drop(receiving);
    drop(function);
    bench.finish();
}

#[test]
fn another_claims_function_opens_starts_and_publishes_nothing() {
    let bench = Bench::new();
    let function = bench.up();
    let mut rx = RxRing::<Packet>::new(&function, 0, 8, 2048).unwrap();
    drop(function);
    let next = bench.up();
    let registers = registers(&next);
    assert_eq!(rx.open(&next).err(), Some(RegionError::Foreign));
    assert_eq!(rx.start(&next, &registers, false), Err(QueueError::Foreign));
    drop(next);
    bench.finish();
}

#[test]
fn after_a_reset_everything_can_be_taken_back_and_the_queue_started_again() {
    let bench = Bench::new();
    let function = bench.up();
    let mut tx = TxRing::<Packet>::new(&function, 0, 8).unwrap();
    tx.start(&function, &registers(&function)).unwrap();
    let mut sending = tx.open(&function).unwrap();
    sending.put(packet(0xFF), short).unwrap();
    sending.publish(&registers(&function));
    drop(sending);
    assert_eq!(
        tx.stop(&function, &registers(&function)),
        Err(QueueError::NotDrained)
    );
    fixture::enable(bench.bus, &function);
    assert_eq!(
        tx.start(&function, &registers(&function)),
        Err(QueueError::NotEmpty)
    );
    let mut sending = tx.open(&function).unwrap();
    assert!(sending.take_back().is_some() && sending.take_back().is_none());
    drop(sending);
    // What it had begun is forgotten: nothing is sent from a packet that came back.
    bench.bus.settle();
    assert_eq!(bench.bus.register(0x4080), 0);
    tx.start(&function, &registers(&function)).unwrap();
    assert_eq!(
        tx.start(&function, &registers(&function)),
        Err(QueueError::Enabled)
    );
    drop((tx, function));
    bench.finish();
}

#[test]
fn a_panic_while_a_batch_is_traded_loses_nothing() {
    let bench = Bench::new();
    let function = bench.up();
    let mut tx = TxRing::<Packet>::new(&function, 0, 8).unwrap();
    let registers = registers(&function);
    tx.start(&function, &registers).unwrap();
    let mut sending = tx.open(&function).unwrap();
    for _ in 0..4 {
        sending.put(packet(0xFF), short).unwrap();
    }
    sending.publish(&registers);
    bench.bus.settle();
    let mut batch = RRefDeque::<Packet, 4>::new();
    for byte in 0..4 {
        batch.push_back(packet(byte)).unwrap();
    }
    let before = census_all();
    let traded = catch_unwind(AssertUnwindSafe(|| {
        sending.trade(&mut batch, |packet| {
            assert_ne!(packet[0], 2, "as asked");
            Some(short(packet))
        })
    }));
    assert!(traded.is_err());
    assert_eq!(census_all(), before);
    // Two went in and two came out; two are where they were.
    let first: Vec<_> = batch.iter().map(|packet| packet[0]).collect();
    assert_eq!(first, [0xFF, 0xFF, 2, 3]);
    assert_eq!(sending.room(), 3);
    assert_eq!(sending.trade(&mut batch, |packet| Some(short(packet))), 2);
    assert_eq!(sending.trade(&mut batch, |packet| Some(short(packet))), 0);
    let first: Vec<_> = batch.iter().map(|packet| packet[0]).collect();
    assert_eq!(first, [0xFF, 0xFF, 2, 3]);
    drop((sending, batch));
    drop(function);
    bench.finish();
}
