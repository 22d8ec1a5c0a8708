//! Rings of an 82599. Whatever the driver does, a packet in a ring belongs to the host until the device has completed
//! it or is known to be stopped.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::MutexGuard;

use samara_device_io::DeviceSlot;
use samara_device_io::dma::Refused;
use samara_device_io::queue::QueueError;
use samara_device_tables::Ixgbe;
use samara_host_std as _;
use samara_ixgbe_emulator::Loop;
use samara_rref::{Owner, RRef, RRefDeque};
use samara_shared_heap::heap::{Census, census_all};
use samara_testkit::hosted::alone;
use samara_testkit::ixgbe_bus::{IxgbeBus, frame};

use fixture::{Function, Packet, RxRing, SENT, TxRing, all, packet, reclaim, rx, short, tx};

#[path = "fixtures/ixgbe.rs"]
mod fixture;

struct Bench {
    bus: &'static IxgbeBus,
    slot: DeviceSlot<Ixgbe>,
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

    fn up(&self) -> Function {
        fixture::up(self.bus, self.slot)
    }

    fn finish(self) {
        assert_eq!(self.bus.strays(), 0);
        assert_eq!(census_all(), self.before);
    }
}

/// Forgets a handle, as a driver may.
fn gone<T>(_: T) {}

/// Invariant: DEV-22
#[test]
fn a_packet_comes_out_only_when_the_device_is_done() {
    let bench = Bench::new();
    let function = bench.up();
    let mut rx = rx(&function, 0);
    let mut tx = tx(&function, 0);
    rx.start(&function, 0).unwrap();
    tx.start(&function, 0).unwrap();
    {
        let mut receiving = rx.open(&function).unwrap();
        for _ in 0..7 {
            receiving.put(packet(0xEE), all).unwrap();
        }
        assert_eq!(receiving.room(), 0, "one slot stays empty");
        let (refused, back) = receiving.put(packet(1), all).unwrap_err();
        assert_eq!((refused, back[9]), (Refused::Full, 1));
        assert!(receiving.take().is_none() && receiving.take_back().is_none());
        assert!(receiving.done().is_none());
        receiving.publish();
    }
    // A running queue is not restarted, because its packets are with the device.
    assert_eq!(rx.start(&function, 0), Err(QueueError::Started));
    {
        let mut sending = tx.open(&function).unwrap();
        let mut one = packet(0);
        one[..60].copy_from_slice(&frame(60, 3));
        sending.put(one, short).unwrap();
        bench.bus.settle();
        assert!(reclaim(&mut sending).is_none(), "not published");
        sending.publish();
        assert!(reclaim(&mut sending).is_none() && sending.take_back().is_none());
        bench.bus.settle();
        assert!(reclaim(&mut sending).is_some() && reclaim(&mut sending).is_none());
    }
    assert_eq!(tx.held(), 0);
    let mut receiving = rx.open(&function).unwrap();
    assert_eq!(receiving.done().unwrap().written(), Ok(60));
    let got = receiving.take().unwrap();
    assert_eq!((&got[..60], got[60]), (&frame(60, 3)[..], 0xEE));
    assert!(receiving.take_back().is_none(), "the queue still runs");
    drop((got, receiving));
    rx.stop(&function).unwrap();
    tx.stop(&function).unwrap();
    let mut receiving = rx.open(&function).unwrap();
    let back = core::iter::from_fn(|| receiving.take_back()).count();
    assert_eq!(back, 6);
    drop(receiving);
    drop(function);
    bench.finish();
}

/// Invariant: DEV-22
#[test]
fn packets_in_a_ring_are_freed_with_the_claim() {
    let bench = Bench::new();
    let function = bench.up();
    let mut rx = rx(&function, 0);
    rx.start(&function, 0).unwrap();
    let mut receiving = rx.open(&function).unwrap();
    let one = packet(0);
    assert_eq!(RRef::owner(&one), Owner::HOST);
    receiving.put(one, all).unwrap();
    receiving.put(packet(0), all).unwrap();
    receiving.publish();
    drop(receiving);
    let held = census_all();
    // Forgetting the ring releases nothing either.
    gone(rx);
    assert_eq!(census_all(), held);
    drop(function);
    assert!(!bench.bus.is_bus_master());
    bench.finish();
}

/// Invariant: DEV-28
#[test]
fn a_queue_has_one_ring_for_the_length_of_a_claim() {
    let bench = Bench::new();
    let function = bench.up();
    let first = TxRing::new(&function, 5, 8, 0).unwrap();
    gone(first);
    let second = TxRing::new(&function, 5, 8, 0);
    assert_eq!(second.err(), Some(QueueError::Taken));
    assert!(RxRing::new(&function, 5, 8, 2048).is_ok());
    assert!(TxRing::new(&function, 128, 8, 0).is_err());
    for entries in [0, 1, 7, 9, 8192] {
        assert!(TxRing::new(&function, 6, entries, 0).is_err());
    }
    for buffer in [0, 1000, 2049, 17 << 10] {
        assert!(RxRing::new(&function, 6, 8, buffer).is_err());
    }
    drop(function);
    bench.finish();
}

/// Invariant: DEV-28
#[test]
fn bytes_that_are_not_the_packets_own_are_refused() {
    let bench = Bench::new();
    let function = bench.up();
    let mut tx = tx(&function, 0);
    tx.start(&function, 0).unwrap();
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
    // A receive buffer shorter than the device was told is refused, too.
    let function = bench.up();
    let mut rx = rx(&function, 0);
    let mut receiving = rx.open(&function).unwrap();
    let short = receiving.put(packet(0), |packet| &mut packet[1..]);
    assert_eq!(short.unwrap_err().0, Refused::Empty);
    drop(receiving);
    drop(function);
    bench.finish();
}

/// Invariant: DEV-28
#[test]
fn another_claims_function_cannot_use_the_ring() {
    let bench = Bench::new();
    let function = bench.up();
    let mut rx = rx(&function, 0);
    drop(function);
    let next = bench.up();
    assert_eq!(rx.open(&next).err(), Some(QueueError::Foreign));
    assert_eq!(rx.start(&next, 0), Err(QueueError::Foreign));
    drop(next);
    bench.finish();
}

/// Invariant: DEV-22
#[test]
fn a_reset_ring_can_be_emptied_and_restarted() {
    let bench = Bench::new();
    let function = bench.up();
    let mut tx = tx(&function, 0);
    tx.start(&function, 0).unwrap();
    let mut sending = tx.open(&function).unwrap();
    sending.put(packet(0xFF), short).unwrap();
    sending.publish();
    drop(sending);
    assert_eq!(tx.stop(&function), Err(QueueError::NotEmpty));
    fixture::enable(bench.bus, &function);
    assert_eq!(tx.start(&function, 0), Err(QueueError::NotEmpty));
    let mut sending = tx.open(&function).unwrap();
    assert!(sending.take_back().is_some() && sending.take_back().is_none());
    drop(sending);
    // The reset ended all work that the device had begun, so it sends nothing from a packet that came back.
    bench.bus.settle();
    assert_eq!(bench.bus.register(SENT), 0);
    tx.start(&function, 0).unwrap();
    assert_eq!(tx.start(&function, 0), Err(QueueError::Started));
    drop((tx, function));
    bench.finish();
}

/// The claim's end frees the packets in its rings, but not those that were taken out.
#[test]
fn a_packet_that_came_out_outlives_the_claim() {
    let bench = Bench::new();
    let function = bench.up();
    let mut tx = tx(&function, 0);
    let mut sending = tx.open(&function).unwrap();
    sending.put(packet(1), short).unwrap();
    let out = sending.take_back().unwrap();
    drop(sending);
    drop((tx, function));
    // The driver still has the packet that it took out. So the end of the claim has not freed the packet, and no
    // other packet gets its memory.
    let other = packet(2);
    assert_ne!(other.as_ptr(), out.as_ptr());
    drop((out, other));
    bench.finish();
}

/// Invariant: DEV-22
#[test]
fn a_panic_while_a_batch_is_traded_loses_nothing() {
    let bench = Bench::new();
    let function = bench.up();
    let mut tx = tx(&function, 0);
    tx.start(&function, 0).unwrap();
    let mut sending = tx.open(&function).unwrap();
    for _ in 0..4 {
        sending.put(packet(0xFF), short).unwrap();
    }
    sending.publish();
    bench.bus.settle();
    let mut batch = RRefDeque::<Packet, 4>::new();
    for byte in 0..4 {
        batch.push_back(packet(byte)).unwrap();
    }
    let before = census_all();
    let traded = catch_unwind(AssertUnwindSafe(|| {
        let prepare = |_, _: &mut Packet, frame: &mut [u8]| {
            assert_ne!(frame[0], 2, "panics on request");
            true
        };
        sending.trade(&mut batch, prepare, short)
    }));
    assert!(traded.is_err());
    assert_eq!(census_all(), before);
    // Two packets went in and two came out. The other two are where they were.
    let first: Vec<_> = batch.iter().map(|packet| packet[0]).collect();
    assert_eq!(first, [0xFF, 0xFF, 2, 3]);
    assert_eq!(sending.room(), 3);
    assert_eq!(sending.trade(&mut batch, |_, _, _| true, short), 2);
    assert_eq!(sending.trade(&mut batch, |_, _, _| true, short), 0);
    let first: Vec<_> = batch.iter().map(|packet| packet[0]).collect();
    assert_eq!(first, [0xFF, 0xFF, 2, 3]);
    drop((sending, batch));
    drop(function);
    bench.finish();
}
